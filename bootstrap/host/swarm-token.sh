# swarm-token 1 ROLE ADDRESS: reads the join token of that role; it goes to the operator's memory and nowhere else. And
# says whether Swarm's ports of the host at ADDRESS, which is to join with it, can be reached from here (F19).
token=$(docker swarm join-token -q "$3" 2>&1) || fail swarm-token "$token"
if [ "$3" = manager ]; then raft=2377/tcp; else raft=; fi
# shellcheck disable=SC2086 # one word or none
reach "$4" $raft 7946/tcp 7946/udp 4789/udp
say "token $token"
