# Stops the processes of a gafferd that was killed, and starts gafferd anew if it is configured to. Its stdin is a pipe whose
# only writer is gafferd; see `GuardianLine` in guardian.ts for the lines. End of file means that gafferd has died.
#
# $1: the run file (run-file.ts). $2: the marker prefix of the processes to stop (marker.ts). $3: the directory of their
# cgroups (cgroup-folder.ts), or nothing. $4: `restart`, or `stop` to start gafferd again only if it hung. The others are for a
# restart. $5: the log file, or nothing. $6: the working directory. Then the command.
#
# At a limit of processes a shell that cannot fork exits, bash after 15 s of attempts. The EXIT trap then continues with what
# needs no fork. Variables whose names end in a number serve as tables: the shell finds one of many fast.

# Ignore signals that a terminal or a service manager sends to all processes: they are for gafferd.
trap '' HUP INT QUIT TERM PIPE USR1 USR2
run_file=$1
markers=$2
cgroups=$3
on_crash=$4
log_file=$5
folder=$6
shift 6
while read -r line; do
  case $line in
    done) exit 0 ;;
    stopping) on_crash=never ;;
    hang) [ "$on_crash" = never ] || on_crash=restart ;;
  esac
done

exec 3>&2
default_grace_ms=10000 # For processes that are not in the run file.
abandon_ms=10000 # How long after the last grace period SIGKILL may take.
clean_ms=400
can_fork=yes
longest_ms=0
leaders='' # The process ids of listed processes that were running when gafferd died.
leaderless=''

# Sets `now` to the time since the boot in ms.
read_clock() {
  read -r uptime rest </proc/uptime
  now=${uptime%.*}${uptime#*.}0
}

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

# Sets `number` of the marker of process $1. Fails if it has none. `read` leaves out the NUL after the marker, but no
# variable begins with a digit.
read_marker() {
  while read -r line || [ -n "$line" ]; do
    case $line in
      *"$markers"[0-9]*)
        number=${line##*"$markers"}
        number=${number%%[!0-9]*}
        return
        ;;
    esac
  done <"/proc/$1/environ"
  return 1
}

# Records for the next gafferd that process $1, named `comm`, with the marker number $2 is being stopped. The next gafferd
# may already have deleted the file.
record() {
  eval "[ -z \"\${recorded_$1-}\" ]" || return 0
  eval "recorded_$1=yes"
  [ -f "$run_file" ] && printf -- '- %s %s %s\n' "$1" "$markers$2" "$comm" >>"$run_file"
}

# Sends the stop signal $3 to $2, which is process $1 or its group, on the first call. Sends SIGKILL once the grace period
# of $4 ms has passed since gafferd died.
stop_target() {
  remaining=yes
  if eval "[ -z \"\${signalled_$1-}\" ]"; then
    eval "signalled_$1=$2"
    kill -s "$3" -- "$2"
    kill -s CONT -- "$2"
  fi
  [ "$waited_ms" -lt "$4" ] || kill -s KILL -- "$2"
}

# Reads the processes of the run file that have to be stopped.
read_listed() {
  while read -r kind os_pid start mode signal grace_ms action marker template; do
    [ "$kind" = + ] && [ "$action" = kill ] || continue
    number=${marker##*.}
    # These become parts of commands.
    for each in "$os_pid" "$start" "$signal" "$grace_ms" "$number"; do
      case $each in '' | *[!0-9]*) continue 2 ;; esac
    done
    case $mode in group | mixed | process) ;; *) mode=group ;; esac
    eval "listed_$number='$mode $signal $grace_ms'"
    read_stat "$os_pid" && [ "$started" = "$start" ] || continue
    leaders="$leaders $os_pid"
    eval "leader_$os_pid='$start $number $mode $signal $grace_ms' leads_$number=yes"
    [ "$grace_ms" -le "$longest_ms" ] || longest_ms=$grace_ms
  done <"$run_file"
}

# Calls $1 for each process whose group has or had one of the leaders, with its `os_pid` and `settings`.
each_member() {
  for directory in /proc/[0-9]*; do
    os_pid=${directory#/proc/}
    read_stat "$os_pid" || continue
    eval "settings=\${$2_$group-}"
    [ -z "$settings" ] || "$1" $settings
  done
}
record_member() { record "$os_pid" "$2"; }
stop_member() {
  # A process with the pid of the exited leader belongs to another group.
  [ "$os_pid" != "$group" ] || return 0
  eval "kept_$group=$round"
  stop_target "$os_pid" "$os_pid" "$4" "$5"
}

# In mode `group`, the signal goes to the whole group. In other modes it goes to the leader; its group is stopped after it
# has exited.
stop_leaders() {
  all=$leaders
  leaders=''
  for os_pid in $all; do
    eval "set -- \$leader_$os_pid"
    if read_stat "$os_pid" && [ "$started" = "$1" ]; then
      leaders="$leaders $os_pid"
      case $3 in
        group) stop_target "$os_pid" "-$os_pid" "$4" "$5" ;;
        *)
          stop_target "$os_pid" "$os_pid" "$4" "$5"
          [ "$waited_ms" -lt "$5" ] || kill -s KILL -- "-$os_pid"
          ;;
      esac
    else
      # The kernel does not reuse a leader's pid while its group has a member.
      eval "orphaned_$os_pid=\$leader_$os_pid leader_$os_pid='' leads_$2=''"
      leaderless="$leaderless $os_pid"
    fi
  done
}

# Stops the members of groups whose leader has exited. Forgets empty groups, because the kernel may reuse their ids.
stop_leaderless() {
  each_member stop_member orphaned
  all=$leaderless
  leaderless=''
  for group in $all; do
    if eval "[ \"\${kept_$group-}\" = $round ]"; then leaderless="$leaderless $group"; else eval "orphaned_$group=''"; fi
  done
}

# Stops marked processes that have left their group or lost their leader, and those that were spawned just before gafferd
# died. Without a fork, looks into every process, which takes about 1 ms each.
stop_marked() {
  if [ -n "$can_fork" ]; then
    set -- $(printf '%s\n' /proc/[0-9]*/environ | xargs grep -lsF "$markers")
  else
    set -- /proc/[0-9]*/environ
  fi
  for environ; do
    os_pid=${environ#/proc/}
    stop_if_marked "${os_pid%/environ}"
  done
}
stop_if_marked() {
  os_pid=$1
  read_stat "$os_pid" || return 0
  # Its leader is running, and its group is sent SIGKILL with it.
  if eval "[ -n \"\${leader_$group-}\" ]"; then remaining=yes && return; fi
  read_marker "$os_pid" || return 0
  eval "set -- \${listed_$number-}"
  # Wait while its leader is running, unless the signal goes to the whole group.
  if [ "${1:-group}" != group ] && [ "$waited_ms" -lt "$3" ] && eval "[ -n \"\${leads_$number-}\" ]"; then
    remaining=yes && return
  fi
  record "$os_pid" "$number"
  stop_target "$os_pid" "$os_pid" "${2:-TERM}" "${3:-$longest_ms}"
}

# Returns when a few looks have found nothing: a process that was just forked is not visible by its marker until its exec.
stop_all() {
  while :; do
    round=$((round + 1))
    remaining=''
    read_clock
    waited_ms=$((now - died))
    stop_leaders
    [ -z "$leaderless" ] || stop_leaderless
    stop_marked
    read_clock
    [ -z "$remaining" ] || clean_since=$now
    [ "$round" -lt 5 ] || [ $((now - clean_since)) -lt "$clean_ms" ] || return 0
    # The next gafferd names what SIGKILL does not end.
    [ "$waited_ms" -lt $((longest_ms + abandon_ms)) ] || return 0
    [ -z "$can_fork" ] || sleep 0.1 || sleep 1
  done 2>/dev/null
}

# Logs $1 with the severity $2.
say() {
  time=''
  [ -z "$can_fork" ] || time=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
  printf '%s %-5s %s\n' "$time" "$2" "$1" >&3
}

# Starts gafferd again after a delay. Gives up at the sixth death within ten minutes.
start_anew() {
  [ -z "$log_file" ] || exec >>"$log_file" 2>&1 3>&2
  seconds=$((now / 1000))
  recent=''
  deaths=1
  delay_ms=0
  for each in $GAFFERD_DEATHS; do
    [ $((seconds - each)) -lt 600 ] || continue
    recent="$recent$each "
    deaths=$((deaths + 1))
    delay_ms=$((delay_ms == 0 ? 1000 : delay_ms * 2))
  done
  if [ "$deaths" -gt 5 ]; then
    say "gafferd ($PPID) was killed or crashed, $deaths times within 10 minutes; it is not started again" error
    return
  fi
  say "gafferd ($PPID) was killed or crashed; starting it again in $((delay_ms / 1000)) s" warn
  trap - HUP INT QUIT TERM PIPE USR1 USR2
  end=$((now + delay_ms))
  while [ "$now" -lt "$end" ]; do
    [ -z "$can_fork" ] || sleep 0.1 || sleep 1
    read_clock
  done
  export GAFFERD_DEATHS="$recent$seconds"
  cd -- "$folder"
  exec "$@" </dev/null 2>&3 3>&-
}

# Ends what is left in the cgroups, such as a process that has cleared its environment.
kill_cgroups() {
  [ -n "$cgroups" ] || return
  for each in "$cgroups/$markers"*; do
    [ ! -e "$each/cgroup.kill" ] || echo 1 >"$each/cgroup.kill"
  done
  [ -n "$can_fork" ] || return
  # The directories of processes that keep running remain until a later gafferd removes them.
  for attempt in 1 2 3 4 5; do
    rmdir "$cgroups"/*/ "$cgroups"
    [ -e "$cgroups" ] || return
    sleep 0.1
  done
}

finish() {
  stop_all
  { kill_cgroups; } 2>/dev/null
  trap - EXIT
  [ "$on_crash" != restart ] || start_anew "$@"
  exit 0
}

round=0
read_clock
died=$now
clean_since=$now
{ read_listed; } 2>/dev/null
[ "$longest_ms" -gt 0 ] || longest_ms=$default_grace_ms
# Before any signal, while the leaders have their groups.
[ -z "$leaders" ] || { each_member record_member leader; } 2>/dev/null
trap 'can_fork="" && finish "$@"' EXIT
finish "$@"
