#!/bin/sh
# Stays as one host's machine: new network namespace and new init at each boot, and again when the host asks to reboot.
#   machine.sh INDEX
# Environment: LAB_STATE LAB_NAME LAB_ADDRESS (the gateway's) LAB_CONTROL_GROUPS (options@folder …) LAB_KILL_GROUPS
set -eu
host=h$1 link=v$1 net=$LAB_NAME-h$1
disk=$LAB_STATE/hosts/$host
read -r address <"$disk/address"
inside=$(dirname "$0")/inside.sh

# Silence, not `connection refused`: a machine without power answers nothing.
unplug() {
  ip -n "$LAB_NAME" link del "$link" 2>/dev/null || :
  ip netns del "$net" 2>/dev/null || :
}

# A namespace that lived on over a reboot would keep docker's bridges and rules.
plug() {
  unplug
  ip netns add "$net"
  ip -n "$LAB_NAME" link add "$link" type veth peer name eth0 netns "$net"
  ip -n "$net" -batch - <<E2
link set lo up
addr add $address/16 dev eth0
link set eth0 up
route add default via $LAB_ADDRESS
E2
  ip -n "$LAB_NAME" link set "$link" master br0
  [ -e "$disk/cut" ] || ip -n "$LAB_NAME" link set "$link" up
}

# Joins the host's control groups, then unshares: they are the roots of its own hierarchies.
boot() (
  for entry in $LAB_CONTROL_GROUPS; do
    mkdir -p "${entry#*@}/$LAB_NAME/$host"
    echo 0 >"${entry#*@}/$LAB_NAME/$host/cgroup.procs"
  done
  exec nsenter --net="/run/netns/$net" unshare --fork --kill-child --pid --mount --uts --ipc --cgroup \
    sh "$inside" "$host" "$disk" </dev/null >"$disk/boot.log" 2>&1
)

status=129
while [ "$status" = 129 ]; do # SIGHUP ends an init whose host called reboot(2)
  plug
  status=0
  boot || status=$?
  rm -f "$disk/pid"
done
unplug
echo "$status" >"$disk/ended"
