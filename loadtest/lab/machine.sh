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
  # A machine keeps its card when its power goes: with another the neighbours would not find it for seconds.
  # shellcheck disable=SC2046 # four numbers
  card=$(printf '02:00:%02x:%02x:%02x:%02x' $(printf %s "$address" | tr . ' '))
  ip -n "$net" -batch - <<E2
link set lo up
link set eth0 address $card
addr add $address/16 dev eth0
link set eth0 up
route add default via $LAB_ADDRESS
E2
  ip -n "$LAB_NAME" link set "$link" master br0
  [ -e "$disk/cut" ] || ip -n "$LAB_NAME" link set "$link" up
}

# New control groups at each boot: one of version 2 that gave its controllers to groups below takes no process any more.
renew() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || :
    [ -d "$1" ] || break
    sleep 0.1
  done
  mkdir -p "$1"
}

boot() {
  rm -f "$disk"/faults/*.boot # faults that were processes of the last boot
  for entry in $LAB_CONTROL_GROUPS; do renew "${entry#*@}/$LAB_NAME/$host"; done
  nsenter --net="/run/netns/$net" unshare --fork --kill-child --pid --mount --uts --ipc \
    sh "$inside" "$host" "$disk" </dev/null >"$disk/boot.log" 2>&1
}

status=129
while [ "$status" = 129 ]; do # SIGHUP ends an init whose host called reboot(2)
  plug
  status=0
  boot || status=$?
  rm -f "$disk/pid"
done
unplug
echo "$status" >"$disk/ended"
