# activate-node 1 REGION COMMAND...: runs the rendered `docker node update`, whose last word is the node.
claim_region "$3"; shift 3
for node; do :; done
now=$(docker node inspect --format '{{.Spec.Availability}}' "$node" 2>&1) || fail activate-node "$now"
if [ "$now" = active ]; then unchanged; return; fi
try_update activate-node "$@"
changed
