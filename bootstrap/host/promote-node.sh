# promote-node 1 REGION COMMAND...: runs the rendered `docker node promote`.
claim_region "$3"; shift 3
try_update promote-node "$@"
changed
