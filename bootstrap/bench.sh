#!/bin/sh
# Prints the measured figures of bring-up on this machine: where the time goes, what is carried, what rest costs.
# Run by `make bench`. Absolute times mean little on a shared machine; run it twice and compare.
set -eu
muster=$(readlink -f "$1")
cd "$(dirname "$0")/.."
export MUSTER_LAB="${MUSTER_LAB}-bench"
export MUSTER_HOME="$MUSTER_LAB/muster-home"
out=$(mktemp -d)
trap '"$muster" lab down >/dev/null 2>&1 || :; rm -rf "$out"' EXIT INT TERM
inside() { "$muster" lab exec -- "$muster" "$@"; }
now() { date +%s.%N; }
took() { printf '%-52s %8.2f s\n' "$1" "$(echo "$(now) $2" | awk '{print $1 - $2}')"; }
field() { sed -n "s/^ *\"$1\" : \([0-9.]*\),*$/\1/p" "$2" | head -1; }
bring_up() { # FLAVOUR
  start=$(now); "$muster" lab up 5 --flavour "$1" >/dev/null; took "lab up 5, $1" "$start"
  start=$(now); inside up bootstrap/regions/lab.yaml --json >"$out/up.json"; took "up of 5 bare hosts, $1" "$start"
  sed -n '/"secondsByStep"/,/}/p' "$out/up.json" | sed -n 's/^ *"\([a-z-]*\)" : \([0-9.]*\),*$/\1 \2/p' | sort -k2 -rn |
    while read -r word seconds; do printf '  %-50s %8.2f s, summed over hosts\n' "$word" "$seconds"; done
  start=$(now); inside up bootstrap/regions/lab.yaml --json >"$out/second.json"; took "second up" "$start"
  printf '%-52s %8s\n' "  its remote writes" "$(field remoteWrites "$out/second.json")"
  start=$(now); inside status >/dev/null; took "status" "$start"
  start=$(now); inside down bootstrap/regions/lab.yaml --confirm lab >/dev/null 2>&1; took "down" "$start"
  "$muster" lab down >/dev/null
}

"$muster" lab down >/dev/null 2>&1 || :
for flavour in plain systemd; do bring_up "$flavour"; done
printf '%-52s %8.1f MiB\n' "the executable" "$(stat -c %s "$muster" | awk '{print $1 / 1048576}')"
start=$(now); "$muster" image --into "$out" >/dev/null; took "making the image" "$start"
printf '%-52s %8.1f MiB\n' "the image, compressed" "$(stat -c %s "$out"/*.tar.gz | awk '{print $1 / 1048576}')"
