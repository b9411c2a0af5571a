# Sourced by the scripts in this folder: common paths and messages.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${SLUICE_CACHE:-$root/.cache}
program=${0##*/}

say() { printf '%s\n' "$*" >&2; }
die() { say "tools/$program: $*"; exit 1; }
