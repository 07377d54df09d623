# leave-swarm 1 REGION CLUSTER HOW: leaves the Swarm that Muster put this host into, and no other. HOW is `forced`, or
# `as-worker`: then a host that is still a manager stays, because its leaving could cost the majority.
claim_region "$3"; how=$5
state=$(docker info --format '{{.Swarm.LocalNodeState}}' 2>/dev/null) || state=
if [ -z "$state" ]; then
  # A stopped engine is in its Swarm still, and what says so is kept. By force it goes with all that was made here.
  if [ "$how" = as-worker ] && command -v dockerd >/dev/null 2>&1; then
    fail engine-silent "$(docker info 2>&1 | tail -n 1)"
  fi
  state=inactive
fi
if [ "$state" = inactive ]; then made_drop swarm; unchanged; return; fi
made_has swarm "$4" || fail foreign-swarm "this region did not put the host into its Swarm"
if [ "$how" = as-worker ]; then
  # A node learns of its demotion a moment after the managers have agreed on it.
  is_worker() { [ "$(docker info --format '{{.Swarm.ControlAvailable}}')" = false ]; }
  until_true 60 is_worker || fail still-manager "after 60 s"
  try swarm-leave docker swarm leave
else
  try swarm-leave docker swarm leave --force
fi
made_drop swarm
changed
