# What swarm-token and join-swarm share: whether Swarm's ports of another host can be reached from here (F19).
#
# silent_ports ADDRESS PORT/PROTOCOL...: prints those that are filtered, one a line, `everything` when nothing answers at
# all, and `mtu` where packets of 1500 bytes are lost without a word. A port where nobody listens answers, too: TCP with
# a reset, UDP with an ICMP message. A silent UDP port says something only beside one that answers: some hosts send no
# such messages, and whoever listens is silent as well. Every Debian has perl; where there is none, nothing is known.
silent_ports() {
  command -v perl >/dev/null 2>&1 || return 0
  timeout 20 perl -e '
    use Socket qw(:all); use Errno qw(EINPROGRESS ECONNREFUSED);
    my $address = inet_aton(shift) or exit;
    # Port 9 is nobody: what it says shows how a port sounds that is not filtered.
    my @wanted = (@ARGV, "9/tcp", "9/udp"); my (%open, %answers);
    for my $name (@wanted) {
      my ($port, $protocol) = split m{/}, $name; my $udp = $protocol eq "udp";
      socket(my $socket, PF_INET, ($udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, 0) or exit;
      my $done = connect($socket, pack_sockaddr_in($port, $address));
      if ($udp || (!$done && $! == EINPROGRESS)) { $open{$name} = $socket }
      elsif ($done || $! == ECONNREFUSED) { $answers{$name} = 1 }
    }
    sub udp { grep { m{/udp$} && $open{$_} } keys %open }
    # Waits until all have answered, or for so many tenths of a second; datagrams go out now and then.
    sub listen_for { my ($rounds, $is_enough) = @_;
      for my $round (0 .. $rounds - 1) {
        if ($round % 4 == 0) { send($open{$_}, "muster", 0) for udp() }
        my ($in, $out) = ("", "");
        while (my ($name, $socket) = each %open) {
          vec($in, fileno($socket), 1) = 1 if $name =~ m{/udp$}; vec($out, fileno($socket), 1) = 1 if $name =~ m{/tcp$};
        }
        last if $is_enough->($round);
        select($in, $out, undef, 0.1);
        for my $name (keys %open) {
          my $socket = $open{$name};
          if ($name =~ m{/udp$}) {
            next unless vec($in, fileno($socket), 1);
            my $got = recv($socket, my $bytes, 1, 0);
            next unless defined $got || $! == ECONNREFUSED;
            $answers{$name} = 1; delete $open{$name};
          } elsif (vec($out, fileno($socket), 1)) {
            my $error = unpack("i", getsockopt($socket, SOL_SOCKET, SO_ERROR));
            $answers{$name} = 1 if $error == 0 || $error == ECONNREFUSED;
            delete $open{$name};
          }
        }
      }
    }
    my @tcp = grep { m{/tcp$} } @ARGV;
    # Four seconds: SYN is sent at 0, 1 and 3 s. Where port 9 has sent no message after one, UDP is not waited for.
    listen_for(40, sub { !(grep { $open{$_} } @tcp) && (!$open{"9/udp"} || $_[0] >= 10) });
    # A Linux host sends one such message a second to each who asks, after a first six: the silent are given time, and port
    # 9, which then takes part no more, has to have one left at the end. Else others have had them, and nothing is known.
    my $is_heard = %answers;
    if ($answers{"9/udp"}) {
      listen_for(50, sub { !udp() });
      if (udp()) {
        delete @open{udp()};
        socket($open{"9/udp"}, PF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        connect($open{"9/udp"}, pack_sockaddr_in(9, $address));
        delete $answers{"9/udp"};
        listen_for(15, sub { !udp() });
      }
    }
    if (!$is_heard) { print "everything\n"; exit }
    for my $name (@ARGV) {
      next if $answers{$name} || ($name =~ m{/udp$} && !$answers{"9/udp"});
      print "$name\n";
    }
    exit unless $answers{"9/udp"};
    # 1472 bytes and the headers are 1500, which may not be split on the way; 10 and 2 are IP_MTU_DISCOVER and _DO.
    socket(my $large, PF_INET, SOCK_DGRAM, 0) or exit;
    setsockopt($large, 0, 10, 2); connect($large, pack_sockaddr_in(9, $address));
    for my $try (1 .. 8) {
      exit unless send($large, "m" x 1472, 0) || $! == ECONNREFUSED;
      exit if $! == ECONNREFUSED;
      my $in = ""; vec($in, fileno($large), 1) = 1;
      exit if select($in, undef, undef, 0.5) > 0;
    }
    print "mtu\n";
  ' "$@" 2>/dev/null || :
}
# reach ADDRESS PORT/PROTOCOL...: ends the script unless all of them can be reached.
reach() {
  address_=$1
  silent=$(silent_ports "$@")
  read -r me </proc/sys/kernel/hostname
  case $silent in
    '') ;;
    everything) fail manager-unreachable "$me gets no answer from $address_" ;;
    mtu) fail mtu-small "packets of 1500 bytes from $me to $address_" ;;
    *) fail port-filtered "$(printf %s "$silent" | grep -vx mtu | tr '\n' ' ')of $address_, asked from $me" ;;
  esac
}
