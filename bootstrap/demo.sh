#!/bin/sh
# The demo: bare hosts, `muster up`, and the status that their own control plane answers. Run by `make demo`.
set -eu
cd "$(dirname "$0")/.."
shown=$1 # as it is typed from here
muster=$(readlink -f "$1")
say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
inside() { say "muster $*"; "$muster" lab exec -- "$muster" "$@"; }

# A lab that was taken down leaves the memory of a region that is gone.
export MUSTER_HOME="$MUSTER_LAB/muster-home"
"$muster" lab ls 2>/dev/null | grep -q ' up ' || rm -rf "$MUSTER_HOME"
say "muster lab up 5"
"$muster" lab up 5
# shellcheck disable=SC1090,SC1091 # made by `lab up`
. "$MUSTER_LAB/env"
inside check bootstrap/regions/lab.yaml
inside up bootstrap/regions/lab.yaml
inside status
cat <<TEXT

The region is up. Look at its page:
  export MUSTER_LAB=$MUSTER_LAB MUSTER_HOME=$MUSTER_HOME
  $shown lab forward 8443 198.18.1.2:8443 &
  $shown lab exec -- $shown open --at 127.0.0.1:8443      an address that works once, within a minute
Tear it down:
  $shown lab exec -- $shown down bootstrap/regions/lab.yaml --confirm lab
  $shown lab down
TEXT
