# probe 1: reads all facts of a host in one run and changes nothing. What costs much is read only while the host has
# no engine, which is when it matters.
fact() { [ -z "$2" ] || say "$1 $2"; }
one_line() { tr '\n' ' ' <"$1" 2>/dev/null; }
docker_() { timeout 20 docker "$@" 2>/dev/null; }

fact clock "$(date +%s)"
if [ "$(id -u)" = 0 ]; then
  if [ -n "$SUDO_USER" ]; then fact privilege sudo; else fact privilege root; fi
fi
read -r name </proc/sys/kernel/hostname; fact hostname "$name"
machine=; [ ! -r /etc/machine-id ] || read -r machine </etc/machine-id || :; fact machine-id "$machine"
read -r boot </proc/sys/kernel/random/boot_id; fact boot-id "$boot"
if [ -r /etc/os-release ]; then
  ( . /etc/os-release; fact os.id "$ID"; fact os.version "$VERSION_ID"; fact os.like "$ID_LIKE"; fact os.name "$PRETTY_NAME" )
fi
if [ -d /run/systemd/system ]; then fact init systemd
elif [ -d /etc/init.d ] && [ -d /etc/rc2.d ]; then fact init sysvinit
else fact init other; fi
fact kernel "$(uname -r)"; fact architecture "$(uname -m)"
fact cpus "$(nproc)"
while read -r key value _; do
  case $key in MemTotal:) fact memory-kib "$value" ;; MemAvailable:) fact available-kib "$value"; break ;; esac
done </proc/meminfo
disk=/var/lib/docker; [ -d $disk ] || disk=/var/lib
df -Pk $disk 2>/dev/null | { read -r _; read -r _ total _ free _; fact disk-kib "$total"; fact disk-free-kib "$free"; }
df -Pi $disk 2>/dev/null | { read -r _; read -r _ _ _ _ used _; case $used in *%) fact inodes-used "${used%\%}" ;; esac; }
if [ -w /etc ]; then fact root-writable yes; else fact root-writable no; fi
ip -o addr show 2>/dev/null | while read -r _ device _ address _; do
  case $device in lo|docker*|veth*|br-*) ;; *) fact address "${address%/*}" ;; esac
done
ip -o -4 route show 2>/dev/null | while read -r route _ device _; do
  case $device in docker*|br-*) ;; *) case $route in default) ;; *) fact route "$route" ;; esac ;; esac
done
[ ! -r /etc/muster/made.json ] || fact made "$(one_line /etc/muster/made.json)"

# Who holds dpkg's lock: the inode of the lock file in the kernel's list of locks.
if [ -e /var/lib/dpkg/lock-frontend ]; then
  inode=$(stat -c %i /var/lib/dpkg/lock-frontend)
  while read -r _ _ _ _ pid file _; do
    [ "${file##*:}" != "$inode" ] || { comm=; read -r comm <"/proc/$pid/comm" 2>/dev/null || :; fact lock "$pid $comm"; }
  done </proc/locks
fi

if command -v dockerd >/dev/null 2>&1 || command -v docker >/dev/null 2>&1; then
  path=$(readlink -f "$(command -v dockerd || command -v docker)")
  case $path in /snap/*) fact engine.origin snap ;; *podman*) fact engine.origin podman ;; *) fact engine.origin apt ;; esac
  fact engine.version "$(dpkg-query -W -f '${Version}' docker.io 2>/dev/null || dpkg-query -W -f '${Version}' docker-ce 2>/dev/null || echo unknown)"
  [ ! -r /etc/docker/daemon.json ] || fact engine.daemon "$(one_line /etc/docker/daemon.json)"
  info=$(docker_ info --format '{{json .}}')
  fact engine.info "$info"
  case $info in
    *'"ControlAvailable":true'*)
      nodes=$(docker_ node ls -q)
      if [ -n "$nodes" ]; then
        fact cluster yes
        # shellcheck disable=SC2086 # node ids, one a word
        docker_ node inspect --format '{{json .}}' $nodes | while read -r line; do fact node "$line"; done
        docker_ service ls --format '{{.Name}} {{.Image}} {{.Replicas}}' | while read -r line; do fact service "$line"; done
        services=$(docker_ service ls -q)
        # Only what decides where tasks may run: environment and labels are other people's, and may hold secrets.
        # shellcheck disable=SC2086 # service ids, one a word
        [ -z "$services" ] || docker_ service inspect --format '{"Name":{{json .Spec.Name}},"Mode":{{json .Spec.Mode}},"Placement":{{json .Spec.TaskTemplate.Placement}},"Resources":{{json .Spec.TaskTemplate.Resources}},"Mounts":{{with .Spec.TaskTemplate.ContainerSpec}}{{json .Mounts}}{{else}}null{{end}}}' $services | while read -r line; do fact service-spec "$line"; done
        docker_ config ls --filter label=io.muster.region --format '{{.Name}}' | while read -r line; do fact config "$line"; done
        docker_ secret ls --filter label=io.muster.region --format '{{.Name}}' | while read -r line; do fact secret "$line"; done
      fi ;;
  esac
  case $info in
    *'"LocalNodeState":"active"'*)
      docker_ ps --filter label=com.docker.swarm.service.name --format '{{.Label "com.docker.swarm.service.name"}}' |
        while read -r task; do fact task "$task"; done ;;
  esac
  certificate=/var/lib/docker/swarm/certificates/swarm-node.crt
  if [ -r "$certificate" ] && command -v openssl >/dev/null 2>&1; then
    dates=$(openssl x509 -startdate -enddate -noout -in "$certificate" 2>/dev/null)
    starts=${dates%%notAfter=*}; ends=${dates##*notAfter=}
    [ -z "$dates" ] || fact certificate "$(date -d "${starts#notBefore=}" +%s 2>/dev/null) $(date -d "$ends" +%s 2>/dev/null)"
  fi
  # An image is written down before it comes: a run killed in between, or a prune, leaves the line and not the image.
  if [ -s "$MADE/images" ] && images=$(docker_ image ls --format '{{.Repository}}:{{.Tag}}'); then
    while read -r image; do printf '%s\n' "$images" | grep -qxF -- "$image" || fact image-gone "$image"; done <"$MADE/images"
  fi
  if [ -e /proc/net/ip_vs ]; then fact ipvs yes; else fact ipvs no; fi
else
  grep -qs overlay /proc/filesystems || modprobe -qn overlay 2>/dev/null || fact missing overlay
  grep -qsm1 ' vxlan_init_net\b\| vxlan_xmit\b\| \[vxlan\]' /proc/kallsyms || modprobe -qn vxlan 2>/dev/null || fact missing vxlan
  if grep -qsm1 ' ip_vs_in\b\|ip_vs_conn_' /proc/kallsyms || modprobe -qn ip_vs 2>/dev/null; then fact ipvs yes; else fact ipvs no; fi
  grep -qs cgroup /proc/mounts || fact missing cgroups
  fact sources "$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -c '^deb \|^URIs:')"
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | while read -r status package; do
    case $status in half-configured|half-installed|unpacked) fact half-configured "$package" ;; esac
  done
  ss -Hlntu 2>/dev/null | while read -r _ _ _ _ address _; do
    case ${address##*:} in 2377|7946|4789) fact listener "${address##*:}" ;; esac
  done
fi
say end
