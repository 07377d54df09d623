# init-swarm 1 REGION CLUSTER COMMAND...: makes a new Swarm with the rendered docker command.
claim_region "$3"; cluster=$4; shift 4
state() { docker info --format '{{.Swarm.LocalNodeState}}'; }
case $(state) in
  active)
    made_has swarm "$cluster" || fail foreign-swarm "$(docker info --format '{{.Swarm.Cluster.ID}}')"
    unchanged ;;
  inactive)
    made_set swarm "$cluster"
    try swarm-init "$@"
    is_active() { [ "$(state)" = active ]; }
    until_true 30 is_active || fail swarm-init "the node did not become active in 30 s"
    changed ;;
  '') fail engine-silent "$(docker info 2>&1 | tail -n 1)" ;;
  *) fail half-joined "$(state) $(docker info --format '{{.Swarm.Error}}')" ;;
esac
