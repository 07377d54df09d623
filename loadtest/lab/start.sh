#!/bin/sh
# Starts the supervisors of hosts, side by side, each in a session and a control group of its own.
#   start.sh INDEX...              Environment: as for machine.sh
set -eu
here=$(dirname "$0")
for index; do
  disk=$LAB_STATE/hosts/h$index
  rm -f "$disk/pid" "$disk/ended"
  group=$LAB_KILL_GROUPS/$LAB_NAME/machines/h$index
  mkdir -p "$group"
  setsid sh "$here/machine.sh" "$index" </dev/null >"$disk/machine.log" 2>&1 &
  # from out here, so that a power cut right after this finds the supervisor
  echo $! >"$group/cgroup.procs"
done
