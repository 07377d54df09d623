# swarm-token 1 ROLE: reads the join token of that role; it goes to the operator's memory and nowhere else.
token=$(docker swarm join-token -q "$3" 2>&1) || fail swarm-token "$token"
say "token $token"
