#!/bin/sh
# Makes the disks of new hosts, with their keys on them, before they boot; a disk is renamed into place only when whole.
#   create.sh INDEX=ADDRESS...
# Environment: LAB_STATE LAB_LAYERS (folders, upper first, by colons) LAB_FLAVOUR LAB_ENGINE
set -eu
umask 022
for pair; do
  name=h${pair%%=*} address=${pair#*=}
  disk=$LAB_STATE/hosts/$name part=$LAB_STATE/hosts/$name.part
  rm -rf "$part"
  mkdir -p "$part/upper/etc/ssh" "$part/upper/home" "$part/work" "$part/root" "$part/docker"
  chmod 711 "$part/docker"
  install -d -m 700 "$part/upper/root" "$part/upper/root/.ssh"
  install -m 600 "$LAB_STATE/id_ed25519.pub" "$part/upper/root/.ssh/authorized_keys"
  install -d -m 700 -o 1000 -g 1000 "$part/upper/home/ops" "$part/upper/home/ops/.ssh"
  install -m 600 -o 1000 -g 1000 "$LAB_STATE/id_ed25519.pub" "$part/upper/home/ops/.ssh/authorized_keys"
  ssh-keygen -q -t ed25519 -N '' -C "root@$name" -f "$part/upper/etc/ssh/ssh_host_ed25519_key"
  cp "$part/upper/etc/ssh/ssh_host_ed25519_key.pub" "$part/host_key.pub"
  echo "$name" >"$part/upper/etc/hostname"
  printf '127.0.0.1 localhost\n%s %s\n' "$address" "$name" >"$part/upper/etc/hosts"
  tr -d - </proc/sys/kernel/random/uuid >"$part/upper/etc/machine-id"
  echo "$address" >"$part/address"
  echo "$LAB_FLAVOUR" >"$part/flavour"
  echo "$LAB_ENGINE" >"$part/engine"
  echo "$LAB_LAYERS" >"$part/layers"
  mv "$part" "$disk"
done
