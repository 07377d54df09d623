#!/bin/bash
# The peer of `muster up`: what a good engineer writes by hand for the same five hosts, with plain ssh, all at once
# where that can be, and no checks, no plan, no journal, no way back. It brings bare hosts to the same Swarm, labels
# and control-plane service that Muster's own plan names for bootstrap/regions/lab.yaml.
#   up-by-hand.sh KEY KNOWN_HOSTS IMAGE.tar.gz REFERENCE POLICY.json ADDRESS... (the first three become managers)
set -eu
key=$1 known_hosts=$2 archive=$3 image=$4 policy=$5; shift 5
host=("$@") domain=(a b c a b)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
# One login a host: later commands share its connection.
options=(-F none -i "$key" -l root -o IdentitiesOnly=yes -o BatchMode=yes -o "UserKnownHostsFile=$known_hosts"
  -o GlobalKnownHostsFile=/dev/null -o ControlMaster=auto -o "ControlPath=$work/%h" -o ControlPersist=30)
on() { ssh "${options[@]}" "$@"; }

install_engine() { # ADDRESS
  on "$1" "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update &&
    apt-get -qq install -y --no-install-recommends docker.io iptables >/dev/null 2>&1 &&
    { [ -d /run/systemd/system ] || /etc/init.d/docker start >/dev/null; }
    until docker info >/dev/null 2>&1; do sleep 0.2; done
    cat >>/root/.ssh/authorized_keys" <"$work/region_key.pub"
}
make_secrets() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=lab \
    -keyout "$work/ca-key" -out "$work/ca-cert" 2>/dev/null
}
start_service() {
  for name in region_key:region-key ca-key:ca-key ca-cert:ca-cert policy:policy; do
    on "${host[0]}" docker secret create "muster-lab-${name#*:}" - <"$work/${name%:*}" >/dev/null
  done
  mounts=; for name in region-key ca-key ca-cert policy; do
    mounts="$mounts --secret source=muster-lab-$name,target=$name,uid=65532,gid=65532,mode=0400"
  done
  on "${host[0]}" "docker service create --quiet --detach --name muster-lab --replicas 1 \
    --constraint node.id==\$(docker info -f '{{.Swarm.NodeID}}') --user 65532:65532 --read-only --cap-drop ALL \
    --mount type=tmpfs,destination=/tmp,tmpfs-mode=1777 \
    --mount type=volume,source=muster-lab,destination=/var/lib/muster $mounts --env MUSTER_PORT=8443 \
    --endpoint-mode dnsrr --publish mode=host,target=8443,published=8443 --no-resolve-image $image \
    serve --region lab --port 8443 --image $image --home h1 --hand-off-digest $(printf hand | sha256sum | cut -c1-64) \
    --epoch 1 --address ${host[0]} --address ${host[1]} --address ${host[2]}" >/dev/null
  until (: </dev/tcp/"${host[0]}"/8443) 2>/dev/null; do sleep 0.2; done
}
join() { # INDEX
  role=worker; [ "$1" -gt 2 ] || role=manager
  on "${host[$1]}" "docker swarm join --token $(cat "$work/$role") ${host[0]}:2377" >/dev/null
}
label() { # INDEX
  name=h$(($1 + 1))
  on "${host[0]}" "docker node update --label-add io.muster.domain=${domain[$1]} --label-add io.muster.host=$name \
    --label-add io.muster.region=lab \$(docker node ls -f name=$name -q)" >/dev/null
}
host_up() { # INDEX
  install_engine "${host[$1]}"
  [ "$1" -gt 2 ] || { on "${host[$1]}" docker load <"$archive" >/dev/null & }
  if [ "$1" = 0 ]; then
    on "${host[0]}" "docker swarm init --advertise-addr ${host[0]} --data-path-addr ${host[0]} \
      --default-addr-pool 10.201.0.0/16 --default-addr-pool-mask-length 24" >/dev/null
    for role in manager worker; do on "${host[0]}" docker swarm join-token -q $role >"$work/$role"; done
    : >"$work/is-up"
  else
    until [ -e "$work/is-up" ]; do sleep 0.1; done
    join "$1"
  fi
  label "$1"
  wait
  [ "$1" != 0 ] || start_service
}

ssh-keygen -q -t ed25519 -N '' -C muster -f "$work/region_key"
cp "$policy" "$work/policy"
make_secrets
running=()
for index in "${!host[@]}"; do host_up "$index" & running+=($!); done
for one in "${running[@]}"; do wait "$one"; done
on "${host[0]}" docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}' | sed 's/^/  /'
for address in "${host[@]}"; do on -O exit "$address" 2>/dev/null; done
