# drain-node 1 REGION SECONDS COMMAND...: runs the rendered `docker node update`, whose last word is the node, then waits
# until no task of a service runs there.
claim_region "$3"; seconds=$4; shift 4
for node; do :; done
now=$(docker node inspect --format '{{.Spec.Availability}}' "$node" 2>&1) || fail drain-node "$now"
did=
[ "$now" = drain ] || { try_update drain-node "$@"; did=yes; }
left=
is_idle() {
  tasks=$(docker node ps "$node" --format '{{.Name}} {{.CurrentState}}') || return 1
  left=$(printf '%s\n' "$tasks" | grep ' \(Assigned\|Accepted\|Preparing\|Ready\|Starting\|Running\)\( \|$\)')
  [ -z "$left" ]
}
until_true "$seconds" is_idle || fail drain-tasks "$left"
if [ -n "$did" ]; then changed; else unchanged; fi
