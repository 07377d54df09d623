# adopt-swarm 1 REGION CLUSTER ID: writes down that this host's Swarm is the region's now, if it is the one that people
# named; ID as for evict-swarm. Nothing else changes on the host.
claim_region "$3"; cluster=$4
if made_has swarm "$cluster"; then unchanged; return; fi
[ ! -s "$MADE/swarm" ] || fail other-swarm "this region put the host into another cluster's Swarm"
state=$(docker info --format '{{.Swarm.LocalNodeState}}') || state=unknown
[ "$state" = active ] || fail not-in-swarm "$state"
ids=$(docker info --format '{{.Swarm.NodeID}} {{with .Swarm.Cluster}}{{.ID}}{{end}}')
case " $ids " in *" ${5:-none} "*) ;; *) fail other-swarm "$ids" ;; esac
made_set swarm "$cluster"
changed
