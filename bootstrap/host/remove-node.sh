# remove-node 1 REGION COMMAND...: runs the rendered `docker node rm`, whose last word is the node. One that has just left
# takes a moment to be down; one that is not down is never removed.
claim_region "$3"; shift 3
for node; do :; done
nodes=$(docker node ls -q 2>&1) || fail remove-node "$nodes"
printf '%s\n' "$nodes" | grep -qxF -- "$node" || { unchanged; return; }
state() { docker node inspect --format '{{.Status.State}}' "$node" 2>&1; }
is_down() { [ "$(state)" = down ]; }
until_true 30 is_down || fail node-not-down "$(state)"
try remove-node "$@"
changed
