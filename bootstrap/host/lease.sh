# lease 1 ACTION REGION RELEASED: acquire, renew or release the region's lease on its anchor. An owner that gave back
# epoch RELEASED has no live lease of that epoch or a lower one, whatever this host remembers; 0 says nothing.
own_region "$4"; released=$5
lease_acquire() { # OWNER PLAN SECONDS
  lease_read
  if [ "$lease_owner" != "$1" ] && [ "$lease_epoch" -gt "$released" ] && lease_is_live; then lease_refuse leased; fi
  # Above all that this host has seen, whatever the asker saw before.
  [ "$lease_epoch" -lt "$E" ] || E=$((lease_epoch + 1))
  lease_write "$1" "$E" "$2" "$(date +%s)" $((now + $3))
  say "epoch $E"
  changed
}
lease_renew() {
  lease_read
  [ "$lease_owner $lease_epoch" = "$1 $E" ] || lease_refuse lease-lost
  lease_write "$1" "$E" "$2" "$lease_since" $((now + $3))
  changed
}
lease_release() {
  lease_read
  if [ "$lease_owner $lease_epoch" != "$1 $E" ]; then unchanged; return; fi
  lease_write "$1" "$E" "$2" "$lease_since" 0
  changed
}
case $3 in
  acquire) ;;
  renew) [ -e "$LEASE" ] || { lease_read; lease_refuse lease-lost; } ;;
  release) [ -e "$LEASE" ] || { unchanged; return; } ;;
esac
# shellcheck disable=SC2086 # owner, plan and seconds, one a word
lease_locked "lease_$3" $L
