# reset-swarm 1 REGION CLUSTER: leaves a Swarm that this host joined only half (F23).
claim_region "$3"
made_has swarm "$4" || fail foreign-swarm "half joined, but not by this region"
state() { docker info --format '{{.Swarm.LocalNodeState}}'; }
# Half joined may also mean that the join of a Muster that was killed is still going on. To leave then costs a Swarm of
# one manager its majority: it has counted the second already. The engine itself gives a join 20 s.
is_settled() { [ "$(state)" != pending ]; }
until_true 25 is_settled || :
[ "$(state)" != active ] || { unchanged; return; }
is_out() { [ "$(state)" = inactive ] || { docker swarm leave --force; false; }; }
# Without --force first: the engine itself refuses where the host has become a manager since.
if ! docker swarm leave >/dev/null 2>&1; then
  [ "$(state)" != active ] || { unchanged; return; }
  try swarm-leave docker swarm leave --force
fi
until_true 20 is_out || fail still-in-swarm "after 20 s"
changed
