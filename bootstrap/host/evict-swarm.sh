# evict-swarm 1 REGION ID: leaves a Swarm that this region did not make, if it is the one that people named: ID is the
# Swarm's id, or on a worker, which does not know it, the node's.
claim_region "$3"
state=$(docker info --format '{{.Swarm.LocalNodeState}}') || state=unknown
if [ "$state" = inactive ]; then unchanged; return; fi
[ ! -s "$MADE/swarm" ] || fail other-swarm "this region put the host into its Swarm"
ids=$(docker info --format '{{.Swarm.NodeID}} {{with .Swarm.Cluster}}{{.ID}}{{end}}')
case " $ids " in *" ${4:-none} "*) ;; *) fail other-swarm "$ids" ;; esac
try swarm-leave docker swarm leave --force
changed
