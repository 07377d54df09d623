# record-witness 1 REGION NAME KEEP...: makes the Swarm config that says how new the control plane's state is, and
# removes those that are neither it nor to be kept.
claim_region "$3"; name=$4; shift 4
did=
if ! docker config inspect "$name" >/dev/null 2>&1; then
  out=$(printf '%s' "$name" | docker config create --label "io.muster.region=$REGION" "$name" - 2>&1) ||
    docker config inspect "$name" >/dev/null 2>&1 || fail record-witness "$out"
  did=yes
fi
for old in $(docker config ls --filter "label=io.muster.region=$REGION" --filter "name=muster-$REGION-" --format '{{.Name}}'); do
  keep=; for one in "$name" "$@"; do [ "$old" != "$one" ] || keep=yes; done
  [ -n "$keep" ] || docker config rm "$old" >/dev/null 2>&1 || :
done
if [ -n "$did" ]; then changed; else unchanged; fi
