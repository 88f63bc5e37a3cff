# Stops the processes of a gafferd that was killed. Its stdin is a pipe whose only writer is gafferd: a line means that
# gafferd has stopped everything itself; end of file without a line means that gafferd has died.
#
# $1: the run file (run-file.ts). $2: the marker prefix of the processes to stop (marker.ts).

# Ignore signals that a terminal or a service manager sends to all processes: they are for gafferd.
trap '' HUP INT QUIT TERM PIPE USR1 USR2
read -r line && exit 0

run_file=$1
markers=$2
default_grace_ms=10000 # For processes that are not in the run file.
pause_ms=100
waited_ms=0
clean_rounds=0
longest_ms=0
signalled=' ' # TARGET:GRACE_MS of all targets that were sent a signal. A target is a pid, or a minus and a group id.
recorded=' '  # The pids that were written to the run file.

# Sets `comm`, `group` and `started` of process $1. Fails if the process has exited or is a zombie.
read_stat() {
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  comm=${stat#*\(}
  comm=${comm%\)*}
  set -- ${stat##*) }
  case $1 in Z | X) return 1 ;; esac
  group=$3
  shift 19
  started=$1
}

# Records for the next gafferd that process $1, named `comm`, with marker $2 is being stopped. The next gafferd may already
# have deleted the file.
record() {
  case $recorded in *" $1 "*) return ;; esac
  recorded="$recorded$1 "
  [ -f "$run_file" ] && printf -- '- %s %s %s\n' "$1" "$2" "$comm" >>"$run_file"
}

# Sends the stop signal $2 to target $1 on the first call, and SIGKILL once its grace period of $3 ms has passed.
stop_target() {
  remaining=1
  case $signalled in
    *" $1:"*)
      rest=${signalled#*" $1:"}
      [ "$waited_ms" -lt "${rest%% *}" ] || kill -s KILL -- "$1"
      ;;
    *)
      signalled="$signalled$1:$3 "
      kill -s "$2" -- "$1"
      kill -s CONT -- "$1"
      ;;
  esac
}

# Calls $1 for each process in the run file that has to be stopped, with the variables of its line.
each_listed() {
  while read -r kind os_pid start mode signal grace_ms action marker template; do
    [ "$kind" = + ] && [ "$action" = kill ] && "$1"
  done <"$run_file"
}

add_running() {
  read_stat "$os_pid" && [ "$started" = "$start" ] || return
  running="$running$os_pid:$marker:$signal:$grace_ms "
  leaders="$leaders$marker "
  [ "$grace_ms" -le "$longest_ms" ] || longest_ms=$grace_ms
}

# In mode `group`, the signal goes to the whole group. In other modes it goes to the leader; its group is stopped after it
# has exited.
stop_leader() {
  case $running in *" $os_pid:$marker:"*) ;; *) return ;; esac
  case $mode in
    group) stop_target "-$os_pid" "$signal" "$grace_ms" ;;
    *)
      stop_target "$os_pid" "$signal" "$grace_ms"
      [ "$waited_ms" -lt "$grace_ms" ] || kill -s KILL -- "-$os_pid"
      ;;
  esac
}

# Calls $1 for each process whose group is in the list $2, with its `os_pid` and the `marker`, `signal` and `grace_ms` of
# its leader.
each_member() {
  for directory in /proc/[0-9]*; do
    os_pid=${directory#/proc/}
    read_stat "$os_pid" || continue
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

record_member() { record "$os_pid" "$marker"; }
stop_member() {
  # A process with the pid of the exited leader belongs to another group.
  [ "$os_pid" = "$group" ] && return
  non_empty="$non_empty$group:$marker:$signal:$grace_ms "
  stop_target "$os_pid" "$signal" "$grace_ms"
}

# Stops the members of groups whose leader has exited. Forgets empty groups, because the kernel may reuse their ids.
stop_leaderless() {
  non_empty=' '
  each_member stop_member "$leaderless"
  leaderless=$non_empty
}

# Stops marked processes that have left their group or lost their leader, and those that were spawned just before gafferd
# died.
stop_marked() {
  for environ in $(printf '%s\n' /proc/[0-9]*/environ | xargs grep -lsF "$markers"); do
    os_pid=${environ#/proc/}
    os_pid=${os_pid%/environ}
    read_stat "$os_pid" || continue
    case $signalled in
      *" $os_pid:"*) stop_target "$os_pid"; continue ;;
      *" -$group:"*) remaining=1 && [ "$waited_ms" -lt "$longest_ms" ] && continue ;;
    esac
    case $running in *" $group:"*) remaining=1 && [ "$waited_ms" -lt "$longest_ms" ] && continue ;; esac
    marker=$(tr '\0' ' ' <"$environ")
    marker=${marker##*"$markers"}
    marker=$markers${marker%% *}
    listed=$(grep -F " $marker " "$run_file" | grep '^+' | tail -n 1)
    set -- $listed
    mode=${4:-group}
    # Wait while its leader is running, unless the signal goes to the whole group.
    case $mode:$leaders in
      group:*) ;;
      *" $marker "*) remaining=1 && [ "$waited_ms" -lt "$longest_ms" ] && continue ;;
    esac
    record "$os_pid" "$marker"
    stop_target "$os_pid" "${5:-TERM}" "${6:-$longest_ms}"
  done
}

leaderless=' '
previous=' '
while [ "$clean_rounds" -lt 5 ]; do
  remaining=0
  running=' '
  leaders=' '
  { each_listed add_running; } 2>/dev/null
  [ "$waited_ms" -gt 0 ] || [ "$longest_ms" -gt 0 ] || longest_ms=$default_grace_ms
  [ "$running" = ' ' ] || [ "$waited_ms" -gt 0 ] || { each_member record_member "$running"; } 2>/dev/null
  # Leaders that were running in the last round. The kernel does not reuse a leader's pid while its group has a member.
  for each in $previous; do
    case $running in *" $each "*) ;; *) leaderless="$leaderless$each " ;; esac
  done
  previous=$running
  { each_listed stop_leader; } 2>/dev/null
  [ "$leaderless" = ' ' ] || { stop_leaderless; } 2>/dev/null
  { stop_marked; } 2>/dev/null
  # A process that was just forked is not visible by its marker until its exec, so several rounds have to find nothing.
  if [ "$remaining" = 0 ]; then clean_rounds=$((clean_rounds + 1)); else clean_rounds=0; fi
  sleep 0.1 || sleep 1
  waited_ms=$((waited_ms + pause_ms))
done
