#!/bin/bash
# The far end of the SSH tables: sshds that answer on all of 127.0.0.0/8, started by peer-bench's setup.sh. They run in
# a network and a mount namespace of their own, so nothing outside reaches them, and the account that setup.sh wants
# (uid 0, no password, a clean home) is written into a copy of /etc/passwd that goes with the namespace: there is
# nothing to undo on the machine. Run by ssh.py under unshare; says `ready`, then serves until its standard input ends.
#   peers.sh PEER_BENCH_FOLDER        ($PEERS: its state)
set -eu
bench=$1
. "$bench/env.sh"
mkdir -p "$PEERS"/{keys,hosts,logs,venv,run,data,private}
ip link set lo up
# 1000 clients and their servers on one loopback: no more half-open connections than that may be dropped.
sysctl -qw net.core.somaxconn=4096 net.ipv4.tcp_max_syn_backlog=8192
for file in passwd shadow; do cp -p /etc/$file "$PEERS/private/$file"; done
sed -i '/^pbroot:/d' "$PEERS/private/passwd" "$PEERS/private/shadow"
echo "pbroot:x:0:0::$PEERS/home:/bin/bash" >>"$PEERS/private/passwd"
echo 'pbroot:*:19700:0:99999:7:::' >>"$PEERS/private/shadow"
for file in passwd shadow; do mount --bind "$PEERS/private/$file" /etc/$file; done
"$bench/setup.sh" state
"$bench/setup.sh" sshd
"$bench/sshd.sh" start throttled 2301 'MaxStartups 10:30:100'
trap '"$bench/sshd.sh" stopall' EXIT
# 127.9.10.* accepts connections on the main port and never says a word.
nft -f - <<NFT
table ip silent {
  chain output { type nat hook output priority -100; ip daddr 127.9.10.0/24 tcp dport $PB_PORT redirect to :2399; };
}
NFT
python3 -c '
import socket
s = socket.create_server(("0.0.0.0", 2399), backlog=512)
kept = []
while True: kept.append(s.accept()[0])' &
silent=$!
trap 'kill $silent 2>/dev/null || :; "$bench/sshd.sh" stopall' EXIT
mount -t tmpfs -o size=4g muster-bench "$PEERS/hosts" # uploads measure clients, not this machine's disk
echo ready
cat >/dev/null
