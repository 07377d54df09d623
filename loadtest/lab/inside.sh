#!/bin/sh
# Runs in a booting host's new namespaces: mounts its disk, devices and control groups, then becomes its init.
#   inside.sh HOST DISK            Environment: LAB_NAME LAB_CONTROL_GROUPS
set -eu
host=$1 disk=$2

# First joins the host's control groups, then unshares them: so they are the roots of its own hierarchies. Its supervisor
# stays out of them, since in version 2 a group with processes of its own gives no controllers to groups below.
if [ $# = 2 ]; then
  for entry in $LAB_CONTROL_GROUPS; do echo 0 >"${entry#*@}/$LAB_NAME/$host/cgroup.procs"; done
  exec unshare --cgroup sh "$0" "$host" "$disk" joined
fi
root=$disk/root
read -r layers <"$disk/layers"
read -r pid _ </proc/self/stat # /proc is still the outer one, and so is this pid

mount --make-rprivate /
store=$disk
if [ -e "$disk/own-disk" ]; then # a disk whose size can be moved: faults fill it without filling the machine's
  store=$disk/own
  mkdir -p "$store"
  mount -t tmpfs -o mode=755,size=4g,nr_inodes=1m own "$store" # takes only what is written
  mkdir "$store/work"
  cp -a "$disk/upper" "$disk/docker" "$store/"
fi
mount -t overlay "$host" -o "lowerdir=$layers,upperdir=$store/upper,workdir=$store/work" "$root"
mkdir -p "$root/var/lib/docker"
mount --bind "$store/docker" "$root/var/lib/docker" # overlay2 refuses to work on an overlay
mount -t proc proc "$root/proc"
mount -t sysfs sys "$root/sys"
mount -t tmpfs -o mode=755,size=64m run "$root/run"
mount -t tmpfs -o mode=755,size=1m dev "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/net" "$root/dev/mqueue"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 pts "$root/dev/pts"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
mount -t mqueue mqueue "$root/dev/mqueue"
for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 fuse:10:229 net/tun:10:200; do
  numbers=${node#*:}
  mknod -m 666 "$root/dev/${node%%:*}" c "${numbers%:*}" "${numbers#*:}"
done
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

groups=$root/sys/fs/cgroup
[ "$LAB_CONTROL_GROUPS" = unified@/sys/fs/cgroup ] || mount -t tmpfs -o mode=755 cgroup "$groups"
for entry in $LAB_CONTROL_GROUPS; do
  if [ "$entry" = unified@/sys/fs/cgroup ]; then
    mount -t cgroup2 cgroup2 "$groups"
    read -r flavour <"$disk/flavour"
    if [ "$flavour" = plain ]; then # systemd moves itself below the root, so that docker can have groups there
      mkdir "$groups/init"
      echo 0 >"$groups/init/cgroup.procs"
      echo "+cpuset +cpu +io +memory +pids" >"$groups/cgroup.subtree_control"
    fi
    continue
  fi
  options=${entry%%@*} folder=$groups/${entry##*/}
  mkdir "$folder"
  case $options in
  unified) mount -t cgroup2 cgroup2 "$folder" ;;
  name=*) mount -t cgroup -o "none,$options" cgroup "$folder" ;;
  *) mount -t cgroup -o "$options" cgroup "$folder" ;;
  esac
done

hostname "$host"
echo "$pid" >"$disk/pid.new"
mv "$disk/pid.new" "$disk/pid"
cd "$root"
mkdir -p .old
pivot_root . .old
exec </dev/null >/dev/null 2>&1
umount -l .old
rmdir .old
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux container=lab \
  /sbin/init
