# remove-control-plane 1 REGION SERVICE: removes the service and every secret and config that carries the region's label.
claim_region "$3"; service=$4
did=
if docker service inspect "$service" >/dev/null 2>&1; then try remove-service docker service rm "$service"; did=yes; fi
gone() { [ -z "$(docker ps -q --filter "label=com.docker.swarm.service.name=$service")" ]; }
until_true 60 gone || fail remove-service "its container still runs after 60 s"
remove_all() { # KIND: the service's last task may hold them for a moment
  left=$(docker "$1" ls -q --filter "label=io.muster.region=$REGION")
  # shellcheck disable=SC2086 # ids, one a word
  [ -z "$left" ] || docker "$1" rm $left >/dev/null 2>&1
  [ -z "$(docker "$1" ls -q --filter "label=io.muster.region=$REGION")" ]
}
for kind in secret config; do
  [ -z "$(docker "$kind" ls -q --filter "label=io.muster.region=$REGION")" ] || did=yes
  until_true 30 remove_all "$kind" || fail "remove-$kind" "$(docker "$kind" ls --filter "label=io.muster.region=$REGION" --format '{{.Name}}')"
done
if [ -n "$did" ]; then changed; else unchanged; fi
