#!/bin/sh
# Runs in a booting host's new namespaces: mounts its disk, devices and control groups, then becomes its init.
#   inside.sh HOST DISK            Environment: LAB_CONTROL_GROUPS
set -eu
host=$1 disk=$2
root=$disk/root
read -r layers <"$disk/layers"
read -r pid _ </proc/self/stat # /proc is still the outer one, and so is this pid

mount --make-rprivate /
mount -t overlay "$host" -o "lowerdir=$layers,upperdir=$disk/upper,workdir=$disk/work" "$root"
mkdir -p "$root/var/lib/docker"
mount --bind "$disk/docker" "$root/var/lib/docker" # overlay2 refuses to work on an overlay
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

mount -t tmpfs -o mode=755 cgroup "$root/sys/fs/cgroup"
for entry in $LAB_CONTROL_GROUPS; do
  options=${entry%%@*} folder=$root/sys/fs/cgroup/${entry##*/}
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
