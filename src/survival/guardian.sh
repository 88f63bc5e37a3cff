# Ends what a killed gafferd leaves behind. Its stdin is a pipe that gafferd alone holds: a line means that gafferd has
# stopped everything itself, the end without a line that it died.
#
# $1: the run file (run-file.ts). $2: what the markers begin with of those that are to end (marker.ts).

# What a terminal or a service manager sends to all is for gafferd.
trap '' HUP INT QUIT TERM PIPE USR1 USR2
read -r line && exit 0

run_file=$1
markers=$2
first_grace_ms=10000 # Of what the run file does not know.
pause_ms=100
waited_ms=0
told=' '
clean_rounds=0

# Sets `began` and `group` of process $1; fails when it is gone or a zombie.
look_at() {
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- ${stat##*) }
  case $1 in Z | X) return 1 ;; esac
  group=$3
  shift 19
  began=$1
}

# Sends to target $1 its stop signal $2 first, and SIGKILL when its grace of $3 ms is over.
push() {
  left=1
  case $told in
    *" $1 "*) [ "$waited_ms" -lt "$3" ] || kill -s KILL -- "$1" ;;
    *)
      told="$told$1 "
      kill -s "$2" -- "$1"
      kill -s CONT -- "$1"
      ;;
  esac
}

push_listed() {
  while read -r kind os_pid start scope signal grace_ms fate marker name; do
    [ "$kind" = + ] && [ "$fate" = kill ] || continue
    look_at "$os_pid" && [ "$began" = "$start" ] || continue
    [ "$grace_ms" -le "$longest_ms" ] || longest_ms=$grace_ms
    case $scope in
      group) push "-$os_pid" "$signal" "$grace_ms" ;;
      *) push "$os_pid" "$signal" "$grace_ms" ;;
    esac
  done <"$run_file"
}

# Those that left their group or lost their leader, and those that were born as gafferd died.
push_marked() {
  for environ in $(printf '%s\n' /proc/[0-9]*/environ | xargs grep -lsF "$markers"); do
    os_pid=${environ#/proc/}
    os_pid=${os_pid%/environ}
    look_at "$os_pid" || continue
    case $told in *" -$group "*) left=1 && [ "$waited_ms" -lt "$longest_ms" ] && continue ;; esac
    push "$os_pid" TERM "$longest_ms"
  done
}

longest_ms=0
while [ "$clean_rounds" -lt 5 ]; do
  left=0
  { push_listed; } 2>/dev/null
  [ "$waited_ms" -gt 0 ] || [ "$longest_ms" -gt 0 ] || longest_ms=$first_grace_ms
  { push_marked; } 2>/dev/null
  # A process may still be on its way from gafferd's memory to its own program, where it can be seen.
  if [ "$left" = 0 ]; then clean_rounds=$((clean_rounds + 1)); else clean_rounds=0; fi
  sleep 0.1 || sleep 1
  waited_ms=$((waited_ms + pause_ms))
done
