#!/bin/sh
# Makes the read-only layers that all labs of this machine share, one folder a layer, each renamed into place only when
# it is whole.
# Runs in mount and pid namespaces of its own (so nothing that it mounts or starts can outlive it) and under a lock.
#   prepare.sh CACHE LAYER...      LAYER: root repo plain systemd engine-plain engine-systemd, in that order
# Environment: LAB_MIRROR LAB_SUITE LAB_SOURCES (from the machine's own apt), LAB_PACKAGES LAB_ADDRESS LAB_LIMITED
set -eu
umask 022
trap 'exit 130' INT TERM
cache=$1
shift
mkdir -p "$cache"
exec 9>"$cache/lock"
flock -n 9 || {
  echo "another lab is preparing; waiting for it" >&2
  flock 9
}
log=$cache/prepare.log
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

# Mounts an overlay at $mount: the new layer $1 on top of the layers $2 (upper first), with /proc and a /run of its own.
open_layer() {
  mount=$cache/mount.part
  mkdir -p "$1" "$cache/work.part" "$mount"
  mount -t overlay lab -o "lowerdir=$2,upperdir=$1,workdir=$cache/work.part" "$mount"
  mount -t proc proc "$mount/proc"
  mount -t tmpfs -o mode=755 run "$mount/run"
}
close_layer() {
  umount "$mount/run" "$mount/proc" "$mount"
  rm -rf "$cache/work.part" "$mount"
}

# Installs packages into the open layer from the lab's own repository; starts nothing, as the machine around has no say.
install_packages() {
  mkdir "$mount/run/repo"
  mount --bind "$cache/repo" "$mount/run/repo"
  echo "deb [trusted=yes] file:/run/repo ./" >"$mount/run/lab.list"
  printf '#!/bin/sh\nexit 101\n' >"$mount/usr/sbin/policy-rc.d"
  chmod 755 "$mount/usr/sbin/policy-rc.d"
  for verb in update "install -y --no-install-recommends $*"; do
    # shellcheck disable=SC2086 # the verb's words are our own
    chroot "$mount" apt-get -q -o Dir::Etc::SourceList=/run/lab.list -o Dir::Etc::SourceParts=/dev/null \
      -o APT::Sandbox::User=root -o DPkg::Options::=--force-unsafe-io $verb
  done
  rm -f "$mount/usr/sbin/policy-rc.d"
  umount "$mount/run/repo"
  tidy "$mount"
}

# What must not be shared by hosts, and what only takes space.
tidy() {
  rm -rf "$1"/etc/ssh/ssh_host_* "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/var/cache/apt/archives/*.deb \
    "$1"/var/lib/dbus/machine-id "$1"/var/lib/docker "$1"/var/lib/containerd "$1"/etc/docker/key.json \
    "$1"/var/log/apt "$1"/var/log/dpkg.log "$1"/var/log/alternatives.log "$1"/var/log/bootstrap.log
  : >"$1/etc/machine-id"
}

make_root() {
  debootstrap --variant=minbase --include=openssh-server,ca-certificates,iproute2,sudo "$LAB_SUITE" "$1" "$LAB_MIRROR"
  tidy "$1"
  : >"$1/etc/resolv.conf"
  echo "deb [trusted=yes] http://$LAB_ADDRESS/ ./" >"$1/etc/apt/sources.list"
  chroot "$1" useradd --uid 1000 --create-home --shell /bin/bash ops
  echo 'ops ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/ops"
  chmod 440 "$1/etc/sudoers.d/ops"
  # Without CAP_SYS_RESOURCE Debian's /etc/init.d/docker dies at its `ulimit -n`; a function goes before the builtin.
  [ -z "$LAB_LIMITED" ] || cat >"$1/lib/lsb/init-functions.d/10-lab" <<'LIMITED'
ulimit() { command ulimit "$@" 2>/dev/null || :; }
LIMITED
}

# The repository: what apt fetches for the packages onto exactly this root, recommends included.
make_repo() {
  mkdir -p "$1"
  open_layer "$cache/download.part" "$cache/root"
  printf '%s\n' "$LAB_SOURCES" >"$mount/etc/apt/sources.list"
  cp /etc/resolv.conf /etc/hosts "$mount/etc/"
  [ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$mount/etc/ssl/certs/"
  apt-config dump | grep -i '^Acquire::.*proxy' >"$mount/etc/apt/apt.conf.d/90proxy" || :
  chroot "$mount" apt-get -q update
  # shellcheck disable=SC2086 # a list of words
  chroot "$mount" apt-get -q install -y --download-only $LAB_PACKAGES
  cp "$mount"/var/cache/apt/archives/*.deb "$1/"
  close_layer
  rm -rf "$cache/download.part"
  (cd "$1" && apt-ftparchive packages . >Packages && apt-ftparchive release . >Release)
}

# Plain: busybox as init, running what Debian's packages put into /etc/rc2.d.
make_plain() {
  open_layer "$1" "$cache/root"
  cp "$(command -v busybox)" "$mount/sbin/init"
  for name in reboot poweroff halt; do ln -s init "$mount/sbin/$name"; done
  cat >"$mount/etc/inittab" <<'INITTAB'
::sysinit:/bin/sh -c 'mkdir -p /run/lock; for s in /etc/rc2.d/S*; do "$s" start; done >/var/log/boot.log 2>&1'
::shutdown:/bin/sh -c 'for s in /etc/rc2.d/S*; do "$s" stop; done >/dev/null 2>&1'
INITTAB
  close_layer
}

make_systemd() {
  open_layer "$1" "$cache/root"
  install_packages systemd-sysv dbus
  chroot "$mount" systemctl mask console-getty.service
  close_layer
}

make_engine() {
  open_layer "$1" "$cache/$2:$cache/root"
  install_packages docker.io iptables
  close_layer
}

for layer; do
  [ ! -d "$cache/$layer" ] || continue
  echo "preparing $layer" >&2
  rm -rf "$cache"/*.part
  part=$cache/$layer.part
  case $layer in
  root) make_root "$part" ;;
  repo) make_repo "$part" ;;
  plain) make_plain "$part" ;;
  systemd) make_systemd "$part" ;;
  engine-plain) make_engine "$part" plain ;;
  engine-systemd) make_engine "$part" systemd ;;
  *)
    echo "no such layer: $layer" >&2
    exit 64
    ;;
  esac >>"$log" 2>&1
  sync -f "$part" # else a power cut after the rename could leave a layer of empty files
  mv "$part" "$cache/$layer"
done
