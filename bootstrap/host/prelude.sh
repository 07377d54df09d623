# Shared by every script that Muster runs on a host. The line before this one sets N, the run's nonce: whatever the
# login shell, motd or a package prints, only lines that begin with it are Muster's.
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
DEBIAN_FRONTEND=noninteractive
export LC_ALL PATH DEBIAN_FRONTEND
say() { printf '%s %s\n' "$N" "$*"; }
# fail CODE TEXT: says why in one line and ends the script.
fail() { code=$1; shift; say "fail $code $(printf %s "$*" | tr '\n' ' ')"; exit 1; }
changed() { say changed "$@"; }
unchanged() { say unchanged "$@"; }
# try CODE COMMAND...: runs it, and on failure passes on the end of what it printed.
try() {
  code=$1; shift
  out=$("$@" 2>&1) || fail "$code" "$(printf %s "$out" | tail -n 5)"
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
made_write() {
  for kind in packages daemonKeys swarm regionKeyFrom images files; do [ -e "$MADE/$kind" ] || : >"$MADE/$kind"; done
  {
    printf '{"region":"%s"' "$REGION"
    for kind in packages daemonKeys swarm regionKeyFrom images files; do printf ',"%s":' "$kind"; made_list "$kind"; done
    printf '}\n'
  } >/etc/muster/made.json.new
  chmod 644 /etc/muster/made.json.new
  mv /etc/muster/made.json.new /etc/muster/made.json
}
# Refuses to touch a host that another region made.
claim_region() {
  REGION=$1
  other=$(sed -n 's/^{"region":"\([^"]*\)".*/\1/p' /etc/muster/made.json 2>/dev/null)
  [ -z "$other" ] || [ "$other" = "$REGION" ] || fail other-region "$other"
}
