# leave-swarm 1 REGION CLUSTER: leaves the Swarm that Muster put this host into, and no other.
claim_region "$3"
state=$(docker info --format '{{.Swarm.LocalNodeState}}' 2>/dev/null) || state=inactive
if [ "$state" = inactive ]; then made_drop swarm; unchanged; return; fi
made_has swarm "$4" || fail foreign-swarm "this region did not put the host into its Swarm"
try swarm-leave docker swarm leave --force
made_drop swarm
changed
