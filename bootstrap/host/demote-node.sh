# demote-node 1 REGION COMMAND...: runs the rendered `docker node demote`, whose last word is the node, if the managers
# left hold a majority (F31); then waits until Raft has let it go, because what follows may be its leaving.
claim_region "$3"; shift 3
for node; do :; done
raft() { docker node inspect --format '{{if .ManagerStatus}}{{.ManagerStatus.Reachability}}{{else}}none{{end}}' "$node" 2>&1; }
is_out() { [ "$(raft)" = none ]; }
now=$(raft) || fail demote-node "$now"
if [ "$now" = none ]; then unchanged; return; fi
managers=$(docker node ls --filter role=manager --format '{{.ID}} {{.ManagerStatus}}' 2>&1) || fail demote-node "$managers"
left=0; answering=0
while read -r id status; do
  [ "$id" != "$node" ] || continue
  left=$((left + 1))
  case $status in Leader|Reachable) answering=$((answering + 1)) ;; esac
done <<END
$managers
END
[ "$answering" -ge $((left / 2 + 1)) ] ||
  fail demote-majority "$answering of the $left others answer, a majority needs $((left / 2 + 1))"
try_update demote-node "$@"
until_true 60 is_out || fail demote-node "Raft has not let it go in 60 s: $(raft)"
changed
