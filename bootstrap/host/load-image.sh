# load-image 1 REGION REFERENCE: asks for the image only if it is not there; the engine checks every layer's digest.
claim_region "$3"
if docker image inspect "$4" >/dev/null 2>&1; then unchanged; return; fi
made_add images "$4"
say ready
out=$(docker load 2>&1) || fail load-image "$(printf %s "$out" | tail -n 3)"
docker image inspect "$4" >/dev/null 2>&1 || fail load-image "the archive holds another image: $out"
changed
