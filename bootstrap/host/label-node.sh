# label-node 1 REGION COMMAND...: runs the rendered `docker node update`.
claim_region "$3"; shift 3
try_update label-node "$@"
changed
