#!/bin/sh
# Makes the lab's network: a namespace with a bridge and no way out, and on it the apt repository. Safe to repeat.
# Environment: LAB_NAME LAB_ADDRESS LAB_REPOSITORY LAB_CONTROL_GROUPS (options@folder …) LAB_KILL_GROUPS (folder)
set -eu
net=/run/netns/$LAB_NAME
if ! nsenter --net="$net" true 2>/dev/null; then
  rm -f "$net"
  ip netns add "$LAB_NAME"
fi
ip -n "$LAB_NAME" link show br0 >/dev/null 2>&1 || ip -n "$LAB_NAME" -batch - <<E2
link set lo up
link add br0 type bridge
addr add $LAB_ADDRESS/16 dev br0
link set br0 up
E2

# One ARP table and one count of inotify instances serve the whole machine: Linux's own limits are gone at some 35 swarm
# nodes and at some 30 systemd hosts. Raised, never lowered.
raise() { [ "$(cat "/proc/sys/$1")" -ge "$2" ] || echo "$2" >"/proc/sys/$1"; }
raise net/ipv4/neigh/default/gc_thresh3 65536
raise net/ipv4/neigh/default/gc_thresh2 32768
raise net/ipv4/neigh/default/gc_thresh1 8192
raise fs/inotify/max_user_instances 8192

for entry in $LAB_CONTROL_GROUPS; do
  folder=${entry#*@}
  mkdir -p "$folder/$LAB_NAME"
  case ,${entry%%@*}, in
  ,unified,)
    if [ "$folder" = /sys/fs/cgroup ]; then
      for group in "$folder" "$folder/$LAB_NAME"; do
        echo "+cpuset +cpu +io +memory +pids" >"$group/cgroup.subtree_control"
      done
    fi
    ;;
  *,cpuset,*)
    for what in cpus mems; do cat "$folder/cpuset.$what" >"$folder/$LAB_NAME/cpuset.$what"; done
    echo 1 >"$folder/$LAB_NAME/cgroup.clone_children"
    ;;
  esac
done

group=$LAB_KILL_GROUPS/$LAB_NAME/region
mkdir -p "$group"
[ -z "$(cat "$group/cgroup.procs")" ] || exit 0
nsenter --net="$net" setsid busybox httpd -f -p "$LAB_ADDRESS:80" -h "$LAB_REPOSITORY" </dev/null >/dev/null 2>&1 &
echo $! >"$group/cgroup.procs"
