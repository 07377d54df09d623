# authorize-region-key 1 REGION HOME KEY ADDRESS...: lets the region's key in from the managers' addresses only. A
# control plane in a container reaches its own host from the engine's bridges, so a manager adds their subnets.
claim_region "$3"; home=$4; key=$5; shift 5
addresses=$(IFS=,; printf %s "$*")
from=$addresses
owner=$(stat -c %u:%g "$home") || fail no-home "$home"
# A host in no Swarm has only the first of the two; the engine prints those that are there.
for subnet in $(docker network inspect bridge docker_gwbridge --format '{{range .IPAM.Config}}{{.Subnet}} {{end}}' 2>/dev/null); do
  from="$from,$subnet"
done
line="restrict,from=\"$from\" $key muster:$REGION"
file=$home/.ssh/authorized_keys
if grep -qxsF -- "$line" "$file" && made_has regionKeyFrom "$addresses" && made_has regionKey "$key"; then unchanged; return; fi
[ -d "$home/.ssh" ] || { mkdir -m 700 "$home/.ssh"; chown "$owner" "$home/.ssh"; }
# A record first, for `down`; whose key is in, and from where, is written down only when it is.
rm -f "$MADE/regionKey" "$MADE/regionKeyFrom"
made_add regionKeyFrom
{ grep -vs " muster:$REGION\$" "$file"; printf '%s\n' "$line"; } >"$file.muster" && chown "$owner" "$file.muster" &&
  chmod 600 "$file.muster" && mv "$file.muster" "$file" || fail write-key "$file"
printf '%s\n' "$key" >"$MADE/regionKey" # written out with the next line
made_set regionKeyFrom "$addresses"
changed
