# restore-host 1 REGION HOME DELETE DAEMON: removes what made.json says that Muster made here; DELETE is "yes" or "no"
# and decides about volumes that Muster did not make; DAEMON is daemon.json without Muster's keys, or "-".
home=$4; delete=$5; daemon=$6
was_there=; [ ! -e /etc/muster ] || was_there=yes
claim_region "$3"
if [ ! -e /etc/muster/made.json ]; then # of a run that ended before it made anything, the lease is left
  rm -rf /etc/muster; claimed=
  if [ -n "$was_there" ]; then changed; else unchanged; fi
  return
fi
list() { cat "$MADE/$1" 2>/dev/null; }
engine() { docker info >/dev/null 2>&1; }
if engine; then
  [ "$(docker info --format '{{.Swarm.LocalNodeState}}')" = inactive ] || fail still-in-swarm "leave the Swarm first"
  for volume in $(docker volume ls -q --filter "label=io.muster.region=$REGION"); do try remove-volume docker volume rm -f "$volume"; done
  for image in $(list images); do docker image rm -f "$image" >/dev/null 2>&1 || :; done
fi
# The engine's rules outlive it. What names its chains or bridges goes, and the policy that it set.
remove_rules() {
  command -v iptables >/dev/null 2>&1 || return 0
  for table in filter nat; do
    iptables -t $table -S 2>/dev/null | sed -n '/DOCKER\|docker0\|docker_gwbridge\|br-[0-9a-f]\{12\}/s/^-A /-D /p' |
      while read -r rule; do
        # shellcheck disable=SC2086 # a rule's words
        iptables -t $table $rule || :
      done
    chains=$(iptables -t $table -S 2>/dev/null | sed -n 's/^-N \(DOCKER[A-Z0-9-]*\)$/\1/p')
    for chain in $chains; do iptables -t $table -F "$chain"; done
    for chain in $chains; do iptables -t $table -X "$chain"; done
  done
  if made_has undo forward-policy; then iptables -P FORWARD ACCEPT; fi
  if made_has undo forwarding; then echo 0 >/proc/sys/net/ipv4/ip_forward; fi
}
kept=
if [ -n "$(list packages)" ]; then
  if [ "$delete" != yes ] && engine && [ -n "$(docker volume ls -q)" ]; then kept="volumes in /var/lib/docker"; fi
  if [ -d /run/systemd/system ]; then systemctl stop docker.socket docker containerd >/dev/null 2>&1
  else /etc/init.d/docker stop >/dev/null 2>&1; fi
  stopped() { ! pidof dockerd containerd; }
  until_true 30 stopped || fail stop-engine "dockerd or containerd still runs after 30 s"
  remove_rules >/dev/null 2>&1
  # shellcheck disable=SC2046 # package names, one a word
  try remove-packages apt-get -qq -o DPkg::Lock::Timeout=300 purge -y $(list packages)
  if [ -z "$kept" ]; then
    rm -rf /var/lib/docker/* /var/lib/containerd/* /etc/docker /run/docker /run/containerd /var/run/docker.sock /run/docker.pid
    rmdir /var/lib/docker /var/lib/containerd 2>/dev/null || :
    rmdir /opt/containerd/bin /opt/containerd/lib /opt/containerd /etc/cni/net.d /etc/cni 2>/dev/null || :
  fi
  for link in docker0 docker_gwbridge; do ip link del "$link" 2>/dev/null || :; done
fi
if [ "$daemon" != - ] && [ -e /etc/docker/daemon.json ]; then
  printf '%s\n' "$daemon" >/etc/docker/daemon.json.new && mv /etc/docker/daemon.json.new /etc/docker/daemon.json ||
    fail write-daemon "/etc/docker/daemon.json"
  if [ -d /run/systemd/system ]; then try start-engine systemctl restart docker
  else try start-engine /etc/init.d/docker restart; fi
fi
# Waiting for dpkg's lock may have taken minutes: who has the host by now says what goes.
lease_kept
for file in $(list files); do rm -f "$file"; done
if [ -s "$home/.ssh/authorized_keys" ] && grep -q " muster:$REGION\$" "$home/.ssh/authorized_keys"; then
  owner=$(stat -c %u:%g "$home/.ssh/authorized_keys")
  grep -v " muster:$REGION\$" "$home/.ssh/authorized_keys" >"$home/.ssh/authorized_keys.muster"
  chown "$owner" "$home/.ssh/authorized_keys.muster" && chmod 600 "$home/.ssh/authorized_keys.muster" &&
    mv "$home/.ssh/authorized_keys.muster" "$home/.ssh/authorized_keys" || fail write-key "$home/.ssh/authorized_keys"
fi
lease_kept
rm -rf /etc/muster; claimed=
changed "$kept"
