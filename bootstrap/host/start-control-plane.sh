# start-control-plane 1 REGION SERVICE COMMAND...: lines "NAME BASE64" on stdin become Swarm secrets, then the rendered
# `docker service create` runs. What the region's key in its label says to be of the same folder stays: Swarm secrets
# cannot be changed. What another folder began and never handed over goes; its private keys are not here.
claim_region "$3"; service=$4; shift 4
key=
for word; do case $word in io.muster.region-key=*) key=${word#*=} ;; esac; done
key_of() { docker "$1" inspect "$2" --format '{{index .Spec.Labels "io.muster.region-key"}}' 2>/dev/null; }
gone() { [ -z "$(docker ps -aq --filter "label=com.docker.swarm.service.name=$service")" ]; }
there=; did=
if theirs=$(key_of service "$service"); then there=yes; fi
if [ -n "$there" ] && [ "$theirs" != "$key" ]; then
  witnesses=$(docker config ls --filter "label=io.muster.region=$REGION" --format '{{.Name}}') ||
    fail make-service "$service: $(docker config ls 2>&1 | tail -n 3)"
  [ -z "$witnesses" ] || fail control-plane-owns "$witnesses"
  try remove-service docker service rm "$service"
  until_true 60 gone || fail remove-service "its container still runs after 60 s"
  ! docker volume inspect "$service" >/dev/null 2>&1 || try remove-volume docker volume rm "$service"
  there=
fi
# Most of the time there is none: one question for all of them.
secrets=$(docker secret ls --format '{{.Name}}' 2>&1) || fail make-secret "$(printf %s "$secrets" | tail -n 3)"
while read -r name value; do
  [ -n "$name" ] || continue
  if printf '%s\n' "$secrets" | grep -qxF -- "$name" && theirs=$(key_of secret "$name"); then
    [ "$theirs" != "$key" ] || continue
    try make-secret docker secret rm "$name"
  fi
  out=$(printf %s "$value" | base64 -d |
    docker secret create --label "io.muster.region=$REGION" --label "io.muster.region-key=$key" "$name" - 2>&1) ||
    fail make-secret "$name: $out"
  did=yes
done
if [ -z "$there" ]; then
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
