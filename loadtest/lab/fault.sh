#!/bin/sh
# Makes a fault in a host, or takes it away again. Fed to a shell inside the host by enter.sh; safe to repeat.
#   add|clear NAME [VALUE...]
set -eu
verb=$1 name=$2
shift 2
value=${1-}
keep=/var/lib/lab-faults # what was there before, over reboots
run=/run/lab-faults      # the pids of processes that are the fault; gone with the power, as they are
[ "$verb:$name" != clear:read-only ] || mount -o remount,rw / # before anything can be written
mkdir -p "$keep" "$run"

# save FILE...: keeps them as they are now. made FILE...: to be removed by `clear`.
save() {
  mkdir -p "$keep/$name.saved"
  for file; do cp -a --parents "$file" "$keep/$name.saved"; done
}
made() { for file; do echo "$file" >>"$keep/$name.made"; done; }
put() { # FILE: a file that is ours, with what is on standard input
  made "$1"
  cat >"$1"
}
undo() {
  if [ -e "$run/$name.pids" ]; then
    while read -r pid; do kill -9 "$pid" 2>/dev/null || :; done <"$run/$name.pids"
    rm -f "$run/$name.pids"
  fi
  if [ -e "$keep/$name.made" ]; then
    while read -r file; do rm -f "$file"; done <"$keep/$name.made"
    rm -f "$keep/$name.made"
  fi
  [ ! -d "$keep/$name.saved" ] || cp -a "$keep/$name.saved/." /
  rm -rf "$keep/$name.saved"
}

# A reloaded sshd keeps its pid and opens its port anew: it has reloaded when it listens on another socket.
sshd_sockets() { find "/proc/$sshd/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null | sort; }
reload_sshd() {
  read -r sshd </run/sshd.pid
  before=$(sshd_sockets)
  kill -HUP "$sshd"
  for _ in $(seq 100); do
    now=$(sshd_sockets)
    [ -z "$now" ] || [ "$now" = "$before" ] || return 0
    sleep 0.05
  done
  echo "sshd does not reload" >&2
  exit 1
}
sshd_setting() {
  if [ "$verb" = add ]; then echo "$*" | put "/etc/ssh/sshd_config.d/lab-$name.conf"; fi
  reload_sshd
}

# stay PERL: runs the code in a process of the host and returns when it has done it; the process stays until `clear`.
stay() {
  perl -e '
    use Fcntl; use Socket; use POSIX ();
    pipe(my $ready, my $done) or die; my ($code, $pids, @values) = @ARGV;
    defined(my $pid = fork) or die;
    if ($pid) {
      close $done; my $answer = <$ready>;
      die $answer // "it ended\n" unless defined $answer && $answer eq "ready\n";
      open my $list, ">>", $pids or die; print $list "$pid\n"; exit 0;
    }
    POSIX::setsid(); close $ready; our @kept;
    open STDIN, "</dev/null"; open STDOUT, ">/dev/null"; open STDERR, ">/dev/null";
    eval $code; print $done ($@ || "ready\n"); close $done; sleep 3600 while !$@;
  ' "$1" "$run/$name.pids" "$value"
}

ops_sudo() { # a line of sudoers for ops
  printf '%s\n' "$@" | put /etc/sudoers.d/zz-lab-sudo
  chmod 440 /etc/sudoers.d/zz-lab-sudo
}

# The disk is a tmpfs (see inside.sh), whose limits can be moved while it is mounted.
used() { df "$1" /var/lib/docker | { read -r _; read -r _ _ used _; echo "$used"; }; }

[ "$verb" = add ] || undo
case $verb:$name in
add:full-disk) mount -o "remount,size=$(($(used -Pk) + value * 1024))k" /var/lib/docker ;;
clear:full-disk) mount -o remount,size=4g /var/lib/docker ;;
add:full-inodes) mount -o "remount,nr_inodes=$(($(used -Pi) + value))" /var/lib/docker ;;
clear:full-inodes) mount -o remount,nr_inodes=1m /var/lib/docker ;;
add:read-only) mount -o remount,ro / ;;
add:held-lock)
  stay '$0 = "unattended-upgr"; sysopen(my $file, "/var/lib/dpkg/lock-frontend", O_RDWR | O_CREAT, 0640) or die $!;
    push @kept, $file; my $whole = pack("s s x![q] q q i x![q]", F_WRLCK, 0, 0, 0, 0);
    fcntl($file, F_SETLK, $whole) or die "held: $!\n";'
  ;;
add:half-configured) sed -i "/^Package: $value\$/,/^\$/s/^Status: .*/Status: install ok half-configured/" /var/lib/dpkg/status ;;
clear:half-configured) sed -i 's/^Status: install ok half-configured$/Status: install ok installed/' /var/lib/dpkg/status ;;
add:package-source)
  save /etc/apt/sources.list
  case $value in
  none) : >/etc/apt/sources.list ;;
  dead) echo "deb [trusted=yes] http://198.18.0.1:81/ ./" >/etc/apt/sources.list ;;
  esac
  ;;
*:skewed-clock)
  # sshd gives it to what it starts, and sudo, which drops LD_PRELOAD, gets it from a file; the time that passes is real
  line="LD_PRELOAD=$keep/libfaketimeMT.so.1 FAKETIME=${value}s FAKETIME_DONT_FAKE_MONOTONIC=1"
  if [ "$verb" = add ]; then
    echo "$line" | tr ' ' '\n' | put "$keep/faketime.env"
    echo "Defaults env_file=$keep/faketime.env" | put /etc/sudoers.d/lab-skewed-clock
  fi
  sshd_setting "SetEnv $line"
  ;;
add:clone)
  save /etc/machine-id /etc/hostname
  echo "$value" >/etc/machine-id
  echo "$2" >/etc/hostname
  hostname "$2"
  ;;
clear:clone) hostname "$(cat /etc/hostname)" ;;
add:os)
  save /usr/lib/os-release
  rm /usr/lib/os-release
  case $value in
  unknown) printf 'ID=plan9\nVERSION_ID=4\nPRETTY_NAME="Plan 9"\n' ;;
  derived) printf 'ID=labian\nVERSION_ID=1\nID_LIKE="ubuntu debian"\nPRETTY_NAME="Labian 1"\n' ;;
  esac >/usr/lib/os-release
  ;;
add:changed-key)
  save /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key.pub
  rm /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key.pub
  ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
  reload_sshd
  ;;
clear:changed-key) reload_sshd ;;
add:locked-out)
  save /root/.ssh/authorized_keys /home/ops/.ssh/authorized_keys
  : >/root/.ssh/authorized_keys
  : >/home/ops/.ssh/authorized_keys
  ;;
*:few-startups) sshd_setting "MaxStartups $value" ;;
*:few-sessions) sshd_setting "MaxSessions $value" ;;
add:noisy-shell)
  if [ "$value" = odd ]; then
    put /usr/local/bin/lab-odd-shell <<'SHELL'
#!/usr/bin/perl
# No shell of POSIX: knows `exec`, plain words and single quotes, and nothing else.
use Text::ParseWords;
my ($flag, $line) = @ARGV;
exit print "odd-shell>\n" unless defined $flag && $flag eq "-c";
(my $plain = $line) =~ s/'[^']*'//g;
die "odd-shell: what is `$&`?\n" if $plain =~ /[\$`;&|<>(){}*?\n\\"]/;
my @words = shellwords($line);
shift @words if @words && $words[0] eq "exec";
exec @words or die "odd-shell: $words[0]: $!\n";
SHELL
    chmod 755 /usr/local/bin/lab-odd-shell
    usermod -s /usr/local/bin/lab-odd-shell root
    usermod -s /usr/local/bin/lab-odd-shell ops
  else
    for file in /root/.bashrc /home/ops/.bashrc; do
      save "$file"
      { printf 'echo "Welcome to $(hostname): 3 updates, {\\"json\\": 1}"; echo "end"; echo "trouble ahead" >&2\n'; cat "$file"; } >"$keep/draft"
      cat "$keep/draft" >"$file"
      rm "$keep/draft"
    done
  fi
  ;;
clear:noisy-shell) for user in root ops; do usermod -s /bin/bash "$user" >/dev/null 2>&1 || :; done ;;
add:sudo)
  case $value in
  password)
    echo ops:lab | chpasswd
    ops_sudo 'ops ALL=(ALL) PASSWD: ALL'
    ;;
  denied)
    save /etc/sudoers.d/ops
    rm /etc/sudoers.d/ops
    ;;
  tty) ops_sudo 'Defaults:ops requiretty' ;;
  missing)
    save /usr/bin/sudo
    rm /usr/bin/sudo
    ;;
  esac
  ;;
add:occupied-port)
  stay 'for my $kind (SOCK_STREAM, SOCK_DGRAM) {
      socket(my $file, PF_INET, $kind, 0) or die "socket: $!\n"; push @kept, $file;
      setsockopt($file, SOL_SOCKET, SO_REUSEADDR, 1); bind($file, sockaddr_in($values[0], INADDR_ANY)) or die "port: $!\n";
      $kind == SOCK_DGRAM or listen($file, 5) or die "listen: $!\n"; }'
  ;;
add:foreign-swarm)
  for _ in $(seq 150); do
    ! docker info >/dev/null 2>&1 || break # the engine may still be starting
    sleep 0.2
  done
  address=$(ip -4 -o addr show eth0 | { read -r _ _ _ address _; echo "${address%/*}"; })
  docker swarm init --advertise-addr "$address" >/dev/null
  ;;
clear:foreign-swarm) docker swarm leave --force >/dev/null 2>&1 || [ "$(docker info -f '{{.Swarm.LocalNodeState}}')" = inactive ] ;;
add:hanging-command)
  printf '#!/bin/sh\nexec sleep infinity\n' | put "/usr/local/sbin/$value"
  chmod 755 "/usr/local/sbin/$value"
  ;;
clear:*) ;;
*)
  echo "no such fault in a host: $verb $name" >&2
  exit 64
  ;;
esac
