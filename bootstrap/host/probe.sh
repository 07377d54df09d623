# probe 1 [SECTION...]: reads facts of a host in one run and changes nothing: all that planning needs, or the named
# sections, which is what a second check asks for. What costs much is read only while the host has no engine, which is
# when it matters. SECTION is host, made, images, engine, nodes, node=ID, services, tasks, objects or root-login.
fact() { [ -z "$2" ] || say "$1 $2"; }
one_line() { tr '\n' ' ' <"$1" 2>/dev/null; }
docker_() { timeout 20 docker "$@" 2>/dev/null; }
# A node without its engine's plugins and certificates, which are most of it: each manager tells every node.
NODE='{"ID":{{json .ID}},"Spec":{{json .Spec}},"Description":{"Hostname":{{json .Description.Hostname}}},"Status":{{json .Status}},"ManagerStatus":{{json .ManagerStatus}}}'
facts() { while read -r line; do fact "$1" "$line"; done; }
shift 2
[ $# -gt 0 ] || set -- host made images engine nodes services tasks objects
sections=" $* "
wants() { case $sections in *" $1 "*) true ;; *) false ;; esac; }

read_host() {
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
  # Who holds dpkg's lock: the inode of the lock file in the kernel's list of locks.
  if [ -e /var/lib/dpkg/lock-frontend ]; then
    inode=$(stat -c %i /var/lib/dpkg/lock-frontend)
    while read -r _ _ _ _ pid file _; do
      [ "${file##*:}" != "$inode" ] || { comm=; read -r comm <"/proc/$pid/comm" 2>/dev/null || :; fact lock "$pid $comm"; }
    done </proc/locks
  fi
}
read_made() {
  [ ! -r /etc/muster/made.json ] || fact made "$(one_line /etc/muster/made.json)"
  if [ -r "$LEASE" ]; then
    lease_read
    if lease_is_live; then state=live; elif [ "$lease_until" = 0 ]; then state=released; else state=expired; fi
    fact lease "$state $lease_epoch $lease_since $lease_owner $lease_plan"
  fi
}
# Without an engine: whether the host can carry one.
read_kernel() {
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
}
read_engine() {
  path=$(readlink -f "$(command -v dockerd || command -v docker)")
  case $path in /snap/*) fact engine.origin snap ;; *podman*) fact engine.origin podman ;; *) fact engine.origin apt ;; esac
  fact engine.version "$(dpkg-query -W -f '${Version}' docker.io 2>/dev/null || dpkg-query -W -f '${Version}' docker-ce 2>/dev/null || echo unknown)"
  [ ! -r /etc/docker/daemon.json ] || fact engine.daemon "$(one_line /etc/docker/daemon.json)"
  fact engine.info "$info"
}
read_certificate() {
  certificate=/var/lib/docker/swarm/certificates/swarm-node.crt
  if [ -r "$certificate" ] && command -v openssl >/dev/null 2>&1; then
    dates=$(openssl x509 -startdate -enddate -noout -in "$certificate" 2>/dev/null)
    starts=${dates%%notAfter=*}; ends=${dates##*notAfter=}
    [ -z "$dates" ] || fact certificate "$(date -d "${starts#notBefore=}" +%s 2>/dev/null) $(date -d "$ends" +%s 2>/dev/null)"
  fi
}
# What only a manager knows; without a majority it says nothing.
read_nodes() {
  nodes=$(docker_ node ls -q)
  [ -n "$nodes" ] || return 0
  fact cluster yes
  # shellcheck disable=SC2086 # node ids, one a word
  docker_ node inspect --format "$NODE" $nodes | facts node
}
read_services() {
  services=$(docker_ service ls --format '{{.ID}} {{.Name}} {{.Image}} {{.Replicas}}') || return 0
  fact cluster yes
  [ -n "$services" ] || return 0
  printf '%s\n' "$services" | while read -r _ line; do fact service "$line"; done
  # Only what decides where tasks may run: environment and labels are other people's, and may hold secrets;
  # the one label read is ours.
  # shellcheck disable=SC2046 # service ids, one a word
  specs=$(docker_ service inspect --format '{"Name":{{json .Spec.Name}},"Mode":{{json .Spec.Mode}},"Placement":{{json .Spec.TaskTemplate.Placement}},"Resources":{{json .Spec.TaskTemplate.Resources}},"Mounts":{{with .Spec.TaskTemplate.ContainerSpec}}{{json .Mounts}}{{else}}null{{end}},"Networks":{{json .Spec.TaskTemplate.Networks}},"VirtualIPs":{{json .Endpoint.VirtualIPs}},"RegionKey":{{json (index .Spec.Labels "io.muster.region-key")}}}' \
    $(printf '%s\n' "$services" | cut -d ' ' -f 1))
  printf '%s\n' "$specs" | facts service-spec
  # Two commands more, only where some service is in a network.
  case $specs in *'"Networks":[{'*|*'"NetworkID":'*) read_networks ;; esac
}
read_networks() {
  networks=$(docker_ network ls -q --no-trunc --filter driver=overlay)
  # shellcheck disable=SC2086 # network ids, one a word
  [ -z "$networks" ] || docker_ network inspect --format '{"ID":{{json .ID}},"Name":{{json .Name}},"Subnets":[{{range $i, $c := .IPAM.Config}}{{if $i}},{{end}}{{json $c.Subnet}}{{end}}]}' $networks | facts network
}
read_objects() {
  for kind in config secret; do
    names=$(docker_ "$kind" ls --filter label=io.muster.region --format '{{.Name}}') || return 0
    printf '%s\n' "$names" | facts "$kind"
  done
  fact cluster yes
}
# An image is written down before it comes: a run killed in between, or a prune, leaves the line and not the image.
read_images() {
  if [ -s "$MADE/images" ] && images=$(docker_ image ls --format '{{.Repository}}:{{.Tag}}'); then
    while read -r image; do printf '%s\n' "$images" | grep -qxF -- "$image" || fact image-gone "$image"; done <"$MADE/images"
  fi
}

! wants host || read_host
! wants made || read_made
! wants root-login || fact root-login "$(sshd -T 2>/dev/null | sed -n 's/^permitrootlogin //p')"
if command -v dockerd >/dev/null 2>&1 || command -v docker >/dev/null 2>&1; then
  info=
  if wants engine; then
    info=$(docker_ info --format '{"ID":{{json .ID}},"Driver":{{json .Driver}},"ServerVersion":{{json .ServerVersion}},"LiveRestoreEnabled":{{json .LiveRestoreEnabled}},"Swarm":{{json .Swarm}}}')
    read_engine
    read_certificate
  fi
  if ! wants engine || case $info in *'"ControlAvailable":true'*) true ;; *) false ;; esac; then
    ! wants nodes || read_nodes
    ! wants services || read_services
  fi
  ! wants objects || read_objects
  for section; do
    case $section in node=*) docker_ node inspect --format "$NODE" "${section#node=}" | facts node ;; esac
  done
  if wants tasks; then
    case $info in *'"LocalNodeState":"active"'*)
      docker_ ps --filter label=com.docker.swarm.service.name --format '{{.Label "com.docker.swarm.service.name"}}' | facts task ;;
    esac
  fi
  ! wants images || read_images
  if wants host; then if [ -e /proc/net/ip_vs ]; then fact ipvs yes; else fact ipvs no; fi; fi
elif wants host; then
  read_kernel
fi
say end
