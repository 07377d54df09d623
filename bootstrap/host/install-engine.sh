# install-engine 1 REGION VERSION DAEMON KEYS: VERSION is apt's pattern or "-"; DAEMON is the whole daemon.json to be,
# or "-" to leave it alone; KEYS are those of its keys that are Muster's, separated by spaces.
claim_region "$3"; version=$4; daemon=$5; keys=$6
apt_() { apt-get -qq -o DPkg::Lock::Timeout=300 -o APT::Keep-Downloaded-Packages=false "$@"; }
answers() { docker info; }
did=; package=; restart=
# What dpkg is about to bring, and has not yet: apt tells it the files just before, so that a run killed in between still
# knows what is its own. A simulation beforehand would tell the same and read all package lists once more.
# shellcheck disable=SC2016 # for the shell that apt starts
note='sed "s,.*/,,; s,_.*,," >/run/muster-debs
dpkg-query -W -f "\${db:Status-Status} \${Package}\n" | sed -n "s/^installed //p" | cat - "$MADE/packages" >/run/muster-known
grep -vxF -f /run/muster-known /run/muster-debs >>"$MADE/packages"; [ $? -le 1 ] || exit 1
rm -f /run/muster-debs /run/muster-known; sync "$MADE/packages"'

# A run that was cut off in the middle of apt has left packages unpacked, and an engine that cannot start. Those that are
# Muster's are finished first; others' are theirs to mend.
half_done() {
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | while read -r status name; do
    case $status in
      half-configured|half-installed|unpacked) if made_has packages "$name"; then printf '%s\n' "$name"; fi ;;
    esac
  done
}
if [ -s "$MADE/packages" ] && [ -n "$(half_done)" ]; then
  # apt waits for the lock, should that run still be at work; where dpkg itself was cut off it refuses and says so.
  apt_ install -y --fix-broken --no-install-recommends >/dev/null 2>&1 ||
    try package-install dpkg --force-confold --configure -a
  did="finished packages"
fi
if ! command -v dockerd >/dev/null 2>&1; then
  try package-source apt_ update
  package=docker.io; [ "$version" = - ] || package="docker.io=$version"
  did="${did:+$did, }installed docker.io"
fi
# Before the first start, so that the engine never runs with other settings.
if [ "$daemon" != - ] && [ "$(cat /etc/docker/daemon.json 2>/dev/null)" != "$daemon" ]; then
  mkdir -p /etc/docker
  [ -e /etc/docker/daemon.json ] || made_add files /etc/docker/daemon.json
  for key in $keys; do grep -qs "\"$key\"" /etc/docker/daemon.json || made_add daemonKeys "$key"; done
  printf '%s\n' "$daemon" >/etc/docker/daemon.json.new && mv /etc/docker/daemon.json.new /etc/docker/daemon.json ||
    fail write-daemon "/etc/docker/daemon.json"
  [ -n "$package" ] || restart=yes
  did="$did daemon.json"
fi
if [ -n "$package" ]; then
  # The engine turns forwarding on, and then lets nothing else be forwarded: noted, for `down` to put back.
  [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] || made_add undo forwarding
  iptables -S FORWARD 2>/dev/null | grep -qx -- '-P FORWARD DROP' || made_add undo forward-policy
  made_add packages
  export MADE
  out=$(apt_ -o "DPkg::Pre-Install-Pkgs::=$note" install -y --no-install-recommends "$package" iptables 2>&1) ||
    case $out in
      *"was not found"*|*"Unable to locate package"*|*"no installation candidate"*)
        fail no-such-version "$version; the source has $(apt-cache policy docker.io | sed -n 's/^ *Candidate: //p')" ;;
      *) fail package-install "$(printf %s "$out" | tail -n 5)" ;;
    esac
  made_write
fi
if [ -d /run/systemd/system ]; then
  [ -z "$restart" ] || try start-engine systemctl restart docker
  systemctl is-active -q docker || { try start-engine systemctl enable --now docker; did="$did started"; }
elif ! answers >/dev/null 2>&1; then
  # Debian's package starts nothing under sysvinit. A pid file left by a power cut would keep the script from starting.
  try start-engine /etc/init.d/docker start
  did="$did started"
elif [ -n "$restart" ]; then
  try start-engine /etc/init.d/docker restart
fi
until_true 60 answers || fail start-engine "the engine does not answer after 60 s: $(tail -n 3 /var/log/docker.log 2>/dev/null)"
# A manager is back when it hears its Swarm, because the engine of the next one restarts after this step (I5). Where no
# majority is left it hears nobody, and is there all the same.
case $restart$did in
  yes*|*started)
    [ ! -d /var/lib/docker/swarm/raft ] || for _ in 1 2 3 4 5 6 7 8 9 10; do
      if timeout 5 docker node ls -q >/dev/null 2>&1; then break; fi
      sleep 1
    done ;;
esac
driver=$(docker info --format '{{.Driver}}')
[ "$driver" = overlay2 ] || fail storage-driver "$driver"
if [ -n "$did" ]; then changed "$did"; else unchanged; fi
