# join-swarm 1 REGION CLUSTER ADDRESS MANAGER...: the token comes on stdin. The CLI would show it in the process list,
# so the same request goes to the engine through `docker system dial-stdio`.
claim_region "$3"; cluster=$4; address=$5; shift 5
read -r token || fail no-token "no token came on stdin"
state() { docker info --format '{{.Swarm.LocalNodeState}}'; }
is_active() { [ "$(state)" = active ]; }
case $(state) in
  active)
    made_has swarm "$cluster" || fail foreign-swarm "$(docker info --format '{{.Swarm.NodeID}}')"
    unchanged; return ;;
  inactive) ;;
  '') fail engine-silent "$(docker info 2>&1 | tail -n 1)" ;;
  *) fail half-joined "$(state) $(docker info --format '{{.Swarm.Error}}')" ;;
esac
# The manager that has just given the token answers its operator: where Swarm's ports of it are silent, they are filtered.
# UDP cannot be told from here, since the engine there listens; it is asked the other way round, by swarm-token.
reach "${1%:*}" 2377/tcp 7946/tcp
made_set swarm "$cluster"
remotes=; for manager; do remotes="$remotes${remotes:+,}\"$manager\""; done
body=$(printf '{"ListenAddr":"0.0.0.0:2377","AdvertiseAddr":"%s","DataPathAddr":"%s","RemoteAddrs":[%s],"JoinToken":"%s"}' \
  "$address" "$address" "$remotes" "$token")
answer=$(printf 'POST /v1.40/swarm/join HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' \
  "${#body}" "$body" | timeout 60 docker system dial-stdio 2>&1) || :
status=$(printf '%s\n' "$answer" | sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p')
# A join may report a time-out and still succeed (F28): the state decides, not the answer. An engine that was refused is
# out again when it says so.
is_decided() { is_active || { [ "${status:-200}" != 200 ] && [ "$(state)" = inactive ]; }; }
until_true 60 is_decided
if is_active; then changed; return; fi
text="$(state): $(printf %s "$answer" | tail -n 1 | sed 's/SWMTKN-[A-Za-z0-9-]*/(token)/g')"
# What still goes on is left alone: to leave in the middle of a join may cost the majority that has counted it already.
case $text in
  *'join token'*|*fingerprint*) fail token-rejected "$text" ;;
  pending*) fail swarm-join "$text" ;;
  *Unavailable*|*'onnection error'*|*imeout*|*'deadline exceeded'*|*'dial tcp'*) fail manager-unreachable "$text" ;;
  *) fail swarm-join "$text" ;;
esac
