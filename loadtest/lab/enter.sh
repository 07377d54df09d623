#!/bin/sh
# Runs a script, given on standard input, inside a running host: in its namespaces, and in its control groups, so that
# what the script starts dies and freezes with the host as if its own init had started it.
#   enter.sh HOST PID ARGUMENT...
# Environment: LAB_NAME LAB_CONTROL_GROUPS LAB_CARRY (a file to lay into the host first, or nothing)
set -eu
host=$1 pid=$2
shift 2
keep=/proc/$pid/root/var/lib/lab-faults
mkdir -p "$keep"
[ -z "$LAB_CARRY" ] || cp "$LAB_CARRY" "$keep/${LAB_CARRY##*/}"
for entry in $LAB_CONTROL_GROUPS; do
  group=${entry#*@}/$LAB_NAME/$host
  # in version 2 a group that gives controllers to groups below takes no process itself
  for below in init init.scope; do [ ! -d "$group/$below" ] || [ "${entry%%@*}" != unified ] || group=$group/$below; done
  echo 0 >"$group/cgroup.procs"
done
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
  nsenter --target "$pid" --mount --uts --ipc --net --pid --cgroup sh -s -- "$@"
