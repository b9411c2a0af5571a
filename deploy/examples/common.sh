# Sourced by the examples' run scripts: builds what is needed, starts a replica set of one, services and a worker on
# ports of 127.0.0.1, and ends all of it by process id.

. "$(dirname "${BASH_SOURCE[0]}")/../../tools/common.sh"

example=$(cd "$(dirname "$0")" && pwd)
die() { say "${example##*/}/run: $*"; exit 1; }
step() { printf '\n== %s\n' "$*"; }

keep=
folder=
pids=()     # what has to be up, in the order in which it was started
running=()  # what we wait for

# What has to be up for as long as this runs is started in a session of its own, so that Ctrl-C reaches only us. What
# we wait for runs beside us, so that a signal finds us waiting and not deaf.
run() {
  "$@" &
  running=($!)
  local code=0
  wait "${running[0]}" || code=$?
  running=()
  return "$code"
}

# start NAME COMMAND...: leaves it running; what it says goes to NAME.out and NAME.err.
start() {
  setsid "${@:2}" >>"$folder/$1.out" 2>>"$folder/$1.err" &
  pids+=($!)
}

# until_says NAME out|err TEXT: waits until the one started last has said it.
until_says() {
  until grep -qs "$3" "$folder/$1.$2"; do
    kill -0 "${pids[-1]}" 2>/dev/null || die "$1 did not start: $(tail -n 1 "$folder/$1.err")"
    sleep 0.1
  done
}

# The last that was started goes first: a worker stores its position while its servers are still there.
stop_all() {
  kill ${running[@]+"${running[@]}"} 2>/dev/null || true
  local i
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    { kill "${pids[i]}" && wait "${pids[i]}"; } 2>/dev/null || true
  done
}

end() {
  local code=$?
  trap - EXIT INT TERM
  [ "$code" -eq 0 ] && [ -n "$keep" ] && exit 0
  stop_all
  case $code in
    0 | 130 | 143) rm -rf "$folder" ;;
    *) say "What the programs said lies in $folder" ;;
  esac
  exit "$code"
}

# begin TARGETS...: builds them, unless SLUICE_BUILT names a folder in which they are, and makes the folder that
# everything lies in.
begin() {
  built=${SLUICE_BUILT:-$root/build/release}
  if [ -z "${SLUICE_BUILT:-}" ]; then
    step "Build"
    "$root/tools/build" release sluice realworld mongodo "$@"
  fi
  sluice=$built/sluice
  mongodo=$built/mongodo
  folder=$(mktemp -d "${TMPDIR:-/tmp}/sluice-${example##*/}.XXXXXX")
  trap end EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# free_ports N: into the array `ports`.
free_ports() { mapfile -t ports < <("$built/realworld" ports "$1"); }

# start_mongod PORT: a replica set of one; MONGODB_URI names it from then on.
start_mongod() {
  local mongod
  mongod=${SLUICE_MONGOD:-$("$root/tools/mongod")}
  mkdir "$folder/data"
  start mongod "$mongod" --replSet rs0 --dbpath "$folder/data" --bind_ip 127.0.0.1 --port "$1" --nounixsocket \
    --wiredTigerCacheSizeGB 0.25 --oplogSize 256
  run "$built/realworld" initiate "127.0.0.1:$1"
  export MONGODB_URI="mongodb://127.0.0.1:$1/?replicaSet=rs0"
  echo "MongoDB at $MONGODB_URI"
}

# start_worker FILE PORT: ready when this returns.
start_worker() {
  start worker "$sluice" run "$1" --http-port "$2"
  until_says worker out __READY__
  echo "sluice run $1: http://127.0.0.1:$2/status"
}

# left_running LINES: what to try by hand; and how to end it.
left_running() {
  step "Left running"
  printf '%s\n' "$@"
  local i last_first=()
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do last_first+=("${pids[i]}"); done
  echo "stop it all:  for pid in ${last_first[*]}; do kill \$pid; while kill -0 \$pid 2>/dev/null; do sleep 0.1; done; done; rm -rf $folder"
  disown -a
}
