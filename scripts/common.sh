# Sourced by every script: where the tree is, and how a step is shown. Not a program of its own.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly ROOT
cd "$ROOT"

# The Node that scripts/setup fetched goes before the system's; its folder is empty where not needed.
PATH="$ROOT/build/node/node_modules/node/bin:$PATH"
export PATH

# Show a command, then run it. Everything a script says goes to stderr: stdout is the program's.
run() {
    printf '+ %s\n' "$*" >&2
    "$@"
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# usage "$@": print the comment at the top of the calling script where --help was asked for.
usage() {
    case " ${*-} " in
    *" --help "* | *" -h "*)
        sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"
        exit 0
        ;;
    esac
}
