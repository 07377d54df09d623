# Shared by every script that Muster runs on a host. The line before this one sets N, the run's nonce: whatever the
# login shell, motd or a package prints, only lines that begin with it are Muster's.
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
DEBIAN_FRONTEND=noninteractive
export LC_ALL PATH DEBIAN_FRONTEND
say() { printf '%s %s\n' "$N" "$*"; }
# fail CODE TEXT: says why in one line and ends the script.
fail() { code=$1; shift; say "fail $code $(printf %s "$*" | tr '\n' ' ')"; exit 1; }
changed() { lease_kept; say changed "$@"; }
unchanged() { lease_kept; say unchanged "$@"; }
# try CODE COMMAND...: runs it, and on failure passes on the end of what it printed.
try() {
  code=$1; shift
  out=$("$@" 2>&1) || fail "$code" "$(printf %s "$out" | tail -n 5)"
}
# try_update CODE COMMAND...: `try` for what changes a node of a Swarm. The command reads it and writes it back, and is
# refused where somebody wrote in between, the Swarm itself while hosts join; then it reads anew, for two seconds at most.
try_update() {
  code=$1; shift; rounds=10
  until out=$("$@" 2>&1); do
    case $out in *'out of sequence'*) rounds=$((rounds - 1)) ;; *) rounds=0 ;; esac
    [ "$rounds" -gt 0 ] || fail "$code" "$(printf %s "$out" | tail -n 5)"
    sleep 0.2
  done
}
# until_true SECONDS COMMAND...: polls five times a second; false when the time is over.
until_true() {
  rounds=$(($1 * 5)); shift
  while ! "$@" >/dev/null 2>&1; do
    rounds=$((rounds - 1)); [ "$rounds" -gt 0 ] || return 1
    sleep 0.2
  done
}

# What Muster made on this host: one file a kind below /etc/muster/made, one line an item, and the same as made.json.
MADE=/etc/muster/made
made_has() { grep -qxsF -- "$2" "$MADE/$1"; }
made_add() { # KIND ITEM...
  kind=$1; shift
  [ -d "$MADE" ] || { mkdir -p -m 755 /etc/muster; mkdir -p -m 700 "$MADE"; }
  for item; do made_has "$kind" "$item" || printf '%s\n' "$item" >>"$MADE/$kind"; done
  made_write
}
made_set() { mkdir -p -m 755 /etc/muster; mkdir -p -m 700 "$MADE"; printf '%s\n' "$2" >"$MADE/$1"; made_write; }
made_drop() { rm -f "$MADE/$1"; [ ! -d "$MADE" ] || made_write; }
made_list() { # KIND: its items as a JSON array; items never hold quotes or backslashes
  sep=; printf '['
  while read -r item; do printf '%s"%s"' "$sep" "$item"; sep=,; done <"$MADE/$1"
  printf ']'
}
MADE_KINDS='packages daemonKeys swarm regionKeyFrom regionKey images files'
# What is made is on the disk before it is made: after a power cut a host would else not know its own Swarm.
# Two scripts may be at work on one host, and each writes all of it: one at a time.
made_write() {
  ( exec 8<"$MADE"; flock -w 20 8 || fail record-unwritable "another process has locked $MADE"; made_write_all ) || exit 1
}
made_write_all() {
  for kind in $MADE_KINDS; do [ -e "$MADE/$kind" ] || : >"$MADE/$kind"; done
  {
    printf '{"region":"%s"' "$REGION"
    for kind in $MADE_KINDS; do printf ',"%s":' "$kind"; made_list "$kind"; done
    printf '}\n'
  } >/etc/muster/made.json.new && chmod 644 /etc/muster/made.json.new &&
    sync "$MADE"/* /etc/muster/made.json.new && mv /etc/muster/made.json.new /etc/muster/made.json &&
    sync "$MADE" /etc/muster || fail record-unwritable /etc/muster/made.json
}
# Refuses a host that another region made.
own_region() {
  REGION=$1
  other=$(sed -n 's/^{"region":"\([^"]*\)".*/\1/p' /etc/muster/made.json 2>/dev/null)
  [ -z "$other" ] || [ "$other" = "$REGION" ] || fail other-region "$other"
}

# The lease: who may change this host, in one line OWNER EPOCH PLAN SINCE BOOT UNTIL. It is live while the host's boot
# id is BOOT and its uptime is below UNTIL; SINCE is wall time, for people only (F46). The lines before this file set E,
# the run's epoch, and L, "OWNER PLAN SECONDS"; both are empty for acts that take no lease.
LEASE=/etc/muster/lease
lease_read() {
  lease_owner=- lease_epoch=0 lease_plan=- lease_since=0 lease_boot=- lease_until=0
  { read -r lease_owner lease_epoch lease_plan lease_since lease_boot lease_until <"$LEASE"; } 2>/dev/null || :
  case $lease_epoch:$lease_since:$lease_until in
    *[!0-9:]*|:*|*::*|*:) lease_owner=- lease_epoch=0 lease_plan=- lease_since=0 lease_boot=- lease_until=0 ;;
  esac
  read -r now _ </proc/uptime; now=${now%.*}
  read -r boot </proc/sys/kernel/random/boot_id
}
# More than ten minutes ahead is none of ours: 60 s are given at a time.
lease_is_live() {
  [ "$lease_boot" = "$boot" ] && [ "$lease_until" -gt "$now" ] && [ "$lease_until" -le $((now + 600)) ]
}
lease_write() { # OWNER EPOCH PLAN SINCE UNTIL; a new epoch is on the disk before anything is done under it
  { printf '%s %s %s %s %s %s\n' "$1" "$2" "$3" "$4" "$boot" "$5" >"$LEASE.new" && chmod 644 "$LEASE.new" &&
    { [ "$2" = "$lease_epoch" ] || sync "$LEASE.new"; } && mv "$LEASE.new" "$LEASE"; } 2>/dev/null ||
    fail lease-unwritable "$LEASE"
}
lease_refuse() { fail "$1" "$lease_owner $lease_since $lease_plan $lease_epoch"; }
# lease_locked FUNCTION...: runs it while nobody else on this host reads or writes the lease. The lock is on the folder,
# so that no file is left of it, and a subshell's, so that no daemon that a script starts keeps it.
lease_locked() {
  mkdir -p -m 755 /etc/muster 2>/dev/null || fail lease-unwritable "$LEASE"
  ( exec 9</etc/muster; flock -w 20 9 || fail lease-unwritable "another process has locked /etc/muster"; "$@" ) || exit 1
}
# An epoch belongs to whoever used it first, and a higher one was got on the anchor: its owner may go on here although
# the lease of the one before, which has ended, was not given back on every host.
lease_hold() { # OWNER PLAN SECONDS
  lease_read
  [ "$lease_epoch" -le "$E" ] || lease_refuse fenced
  if [ "$lease_epoch" != "$E" ]; then lease_since=$(date +%s)
  elif [ "$lease_owner" != "$1" ]; then lease_refuse leased; fi
  lease_write "$1" "$E" "$2" "$lease_since" $((now + $3))
}
# Every script that changes something begins with this: the host is this region's, and this run's.
claim_region() {
  own_region "$1"
  # shellcheck disable=SC2086 # owner, plan and seconds, one a word
  [ -z "$E" ] || { lease_locked lease_hold $L; claimed=yes; }
}
# And says at its end that it was: one that a later run has overtaken meanwhile has not done well, whatever it did. A
# higher epoch of the same owner and plan is this run's own, whose anchor has moved.
claimed=
lease_kept() {
  [ -n "$claimed" ] || return 0
  lease_read
  [ "$lease_epoch" != "$E" ] || return 0
  case $L in "$lease_owner $lease_plan "*) return 0 ;; esac
  if [ "$lease_epoch" -gt "$E" ]; then lease_refuse fenced; else lease_refuse lease-lost; fi
}
