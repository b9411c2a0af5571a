# Sourced by the scripts beside it: where things lie, and how a script speaks.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${SLUICE_CACHE:-$root/.cache}
program=${0##*/}

say() { printf '%s\n' "$*" >&2; }
die() { say "tools/$program: $*"; exit 1; }
