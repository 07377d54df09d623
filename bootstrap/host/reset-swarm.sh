# reset-swarm 1 REGION CLUSTER: leaves a Swarm that this host joined only half (F23).
claim_region "$3"
made_has swarm "$4" || fail foreign-swarm "half joined, but not by this region"
try swarm-leave docker swarm leave --force
changed
