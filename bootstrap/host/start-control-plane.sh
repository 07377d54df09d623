# start-control-plane 1 REGION SERVICE COMMAND...: lines "NAME BASE64" on stdin become Swarm secrets, then the rendered
# `docker service create` runs. A secret that exists stays: Swarm secrets cannot be changed.
claim_region "$3"; service=$4; shift 4
did=
while read -r name value; do
  [ -n "$name" ] || continue
  docker secret inspect "$name" >/dev/null 2>&1 && continue
  out=$(printf %s "$value" | base64 -d | docker secret create --label "io.muster.region=$REGION" "$name" - 2>&1) ||
    fail make-secret "$name: $out"
  did=yes
done
if ! docker service inspect "$service" >/dev/null 2>&1; then
  try make-service "$@"
  did=yes
fi
running() { [ "$(docker service ps "$service" --filter desired-state=running --format '{{.CurrentState}}' | grep -c '^Running')" = 1 ]; }
serves() {
  id=$(docker ps --quiet --filter "label=com.docker.swarm.service.name=$service") && [ -n "$id" ] &&
    docker exec "$id" /usr/local/bin/muster serve --probe
}
answers() { running || serves; }
until_true 120 answers ||
  fail start-service "$(docker service ps "$service" --no-trunc --format '{{.CurrentState}} {{.Error}}' | head -n 2)"
if [ -n "$did" ]; then changed; else unchanged; fi
