# Ends what a killed gafferd leaves behind. Its stdin is a pipe that gafferd alone holds: a line means that gafferd has
# stopped everything itself, the end without a line that it died.
#
# $1: the run file (run-file.ts). $2: what the markers begin with of those that are to end (marker.ts).

# What a terminal or a service manager sends to all is for gafferd.
trap '' HUP INT QUIT TERM PIPE USR1 USR2
read -r line && exit 0

run_file=$1
markers=$2
first_grace_ms=10000 # For what the run file does not list.
pause_ms=100
waited_ms=0
clean_rounds=0
longest_ms=0
told=' '  # TARGET:GRACE_MS of all that were told to stop; a target is a process, or a minus and a group.
named=' ' # The processes that were written to the run file.

# Sets `comm`, `group` and `began` of process $1; fails when it is gone or a zombie.
look_at() {
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  comm=${stat#*\(}
  comm=${comm%\)*}
  set -- ${stat##*) }
  case $1 in Z | X) return 1 ;; esac
  group=$3
  shift 19
  began=$1
}

# Writes for the next gafferd that process $1, named `comm`, of marker $2 was told to stop. That may have taken the file
# away already.
name() {
  case $named in *" $1 "*) return ;; esac
  named="$named$1 "
  [ -f "$run_file" ] && printf -- '- %s %s %s\n' "$1" "$2" "$comm" >>"$run_file"
}

# Sends to target $1 its stop signal $2 first, and SIGKILL when its grace of $3 ms is over.
push() {
  left=1
  case $told in
    *" $1:"*)
      rest=${told#*" $1:"}
      [ "$waited_ms" -lt "${rest%% *}" ] || kill -s KILL -- "$1"
      ;;
    *)
      told="$told$1:$3 "
      kill -s "$2" -- "$1"
      kill -s CONT -- "$1"
      ;;
  esac
}

# Calls $1 for each process of the run file that is to end, with the variables of its line.
each_listed() {
  while read -r kind os_pid start mode signal grace_ms fate marker template; do
    [ "$kind" = + ] && [ "$fate" = kill ] && "$1"
  done <"$run_file"
}

add_living() {
  look_at "$os_pid" && [ "$began" = "$start" ] || return
  living="$living$os_pid:$marker:$signal:$grace_ms "
  leaders="$leaders$marker "
  [ "$grace_ms" -le "$longest_ms" ] || longest_ms=$grace_ms
}

# In the mode `group` a signal is for the whole group. Else it is for the leader, whose group follows once it has ended.
push_leader() {
  case $living in *" $os_pid:$marker:"*) ;; *) return ;; esac
  case $mode in
    group) push "-$os_pid" "$signal" "$grace_ms" ;;
    *)
      push "$os_pid" "$signal" "$grace_ms"
      [ "$waited_ms" -lt "$grace_ms" ] || kill -s KILL -- "-$os_pid"
      ;;
  esac
}

# Calls $1 for each process whose group is among $2, with its `os_pid`, and `marker`, `signal` and `grace_ms` of its leader.
each_member() {
  for folder in /proc/[0-9]*; do
    os_pid=${folder#/proc/}
    look_at "$os_pid" || continue
    case $2 in *" $group:"*) ;; *) continue ;; esac
    rest=${2#*" $group:"}
    rest=${rest%% *}
    marker=${rest%%:*}
    rest=${rest#*:}
    signal=${rest%:*}
    grace_ms=${rest#*:}
    "$1"
  done
}

name_member() { name "$os_pid" "$marker"; }
push_member() {
  # A process that has its leader's number is another group's.
  [ "$os_pid" = "$group" ] && return
  inhabited="$inhabited$group:$marker:$signal:$grace_ms "
  push "$os_pid" "$signal" "$grace_ms"
}

# Of groups whose leader has ended. One that is empty is forgotten, since another process may get its number.
push_members() {
  inhabited=' '
  each_member push_member "$gone"
  gone=$inhabited
}

# Those that left their group or lost their leader, and those that were born as gafferd died.
push_marked() {
  for environ in $(printf '%s\n' /proc/[0-9]*/environ | xargs grep -lsF "$markers"); do
    os_pid=${environ#/proc/}
    os_pid=${os_pid%/environ}
    look_at "$os_pid" || continue
    case $told in
      *" $os_pid:"*) push "$os_pid"; continue ;;
      *" -$group:"*) left=1 && [ "$waited_ms" -lt "$longest_ms" ] && continue ;;
    esac
    case $living in *" $group:"*) left=1 && [ "$waited_ms" -lt "$longest_ms" ] && continue ;; esac
    marker=$(tr '\0' ' ' <"$environ")
    marker=${marker##*"$markers"}
    marker=$markers${marker%% *}
    listed=$(grep -F " $marker " "$run_file" | grep '^+' | tail -n 1)
    set -- $listed
    mode=${4:-group}
    # With its leader alive it has to wait, unless the signal is for all.
    case $mode:$leaders in
      group:*) ;;
      *" $marker "*) left=1 && [ "$waited_ms" -lt "$longest_ms" ] && continue ;;
    esac
    name "$os_pid" "$marker"
    push "$os_pid" "${5:-TERM}" "${6:-$longest_ms}"
  done
}

gone=' '
before=' '
while [ "$clean_rounds" -lt 5 ]; do
  left=0
  living=' '
  leaders=' '
  { each_listed add_living; } 2>/dev/null
  [ "$waited_ms" -gt 0 ] || [ "$longest_ms" -gt 0 ] || longest_ms=$first_grace_ms
  [ "$living" = ' ' ] || [ "$waited_ms" -gt 0 ] || { each_member name_member "$living"; } 2>/dev/null
  # Leaders that lived in the last round: as long as their group has a member, no other process gets their number.
  for each in $before; do
    case $living in *" $each "*) ;; *) gone="$gone$each " ;; esac
  done
  before=$living
  { each_listed push_leader; } 2>/dev/null
  [ "$gone" = ' ' ] || { push_members; } 2>/dev/null
  { push_marked; } 2>/dev/null
  # A process may still be on its way from gafferd's memory to its own program, where it can be seen.
  if [ "$left" = 0 ]; then clean_rounds=$((clean_rounds + 1)); else clean_rounds=0; fi
  sleep 0.1 || sleep 1
  waited_ms=$((waited_ms + pause_ms))
done
