"""SSH against its peers: what a connection costs the client, what is held in memory, and what a throttled sshd and
silent hosts do to the rest. Peers and sshd come from peer-bench (MUSTER_BENCH_DATA); all run in a network of their own."""
import fcntl, os, pathlib, statistics, subprocess, tempfile, threading, time
from frame import Skipped, median, say
from measure import alternated, measured

HERE = pathlib.Path(__file__).resolve().parent
PORT, THROTTLED_PORT = 2222, 2301
TEN = ["uname -a", "cat /etc/os-release", "nproc", "free -m", "id -u", "hostname", "df -P /", "cat /proc/uptime",
       "test -d /etc", "date +%s"]  # peer-bench's, in its order
FORKS = 50  # connections that each peer starts at once, as in peers.md's figures; flat from 16 on at loopback


class Peers:
    """The far end, up as long as the `with` lasts, and how each peer is called against it."""

    def __init__(self, run):
        self.bench = pathlib.Path(os.environ.get("MUSTER_BENCH_DATA", "../shared")).resolve() / "peer-bench"
        if not (self.bench / "setup.sh").exists():
            raise Skipped(f"no peers in `{self.bench}`; MUSTER_BENCH_DATA names the folder that holds `peer-bench` "
                          "(its README lies beside it)")
        self.state = pathlib.Path(os.environ.get("PEERS", "/tmp/peers-bench"))
        self.run, self.folder = run, None
        self.transport = pathlib.Path(run.muster).parent / "ssh-bench"

    def __enter__(self):
        self.install()
        self.folder = tempfile.TemporaryDirectory(prefix="muster-bench-")
        self.server = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "--", "bash", str(HERE / "peers.sh"),
             str(self.bench)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.environment())
        if self.server.stdout.readline() != "ready\n":
            self.server.wait(10)
            raise Skipped("the peers' sshd did not start; what it said stands above")
        return self

    def __exit__(self, *_):
        self.server.stdin.close()
        self.server.wait(30)
        self.folder.cleanup()

    def environment(self):
        return {**os.environ, "PEERS": str(self.state)}

    def install(self):
        """The peers' Python packages and the floor, once; they stay in $PEERS for the next run."""
        for part, made in [("venvs", "venv/asyncssh/.done"), ("floor", "floor")]:
            if (self.state / made).exists():
                continue
            say(f"installing the peers' {part} into {self.state} (once; a minute or two)")
            for folder in ("venv", "logs", "data", "keys", "hosts", "run"):
                (self.state / folder).mkdir(parents=True, exist_ok=True)
            done = subprocess.run(
                [self.bench / "setup.sh", part], env=self.environment(), capture_output=True, text=True)
            if done.returncode != 0:
                raise Skipped(f"peer-bench's `setup.sh {part}` failed: {(done.stdout + done.stderr).strip()[-300:]}")

    # What runs

    def inside(self, command, environment=None, deadline=300):
        entered = ["nsenter", "-t", str(self.server.pid), "-n", "-m", "--", *map(str, command)]
        return measured(entered, environment, deadline)

    def emptied(self):
        """Takes away what an upload left: clients send nothing when the far end has the file, and its disk is memory,
        which a handful of runs would fill (all hosts lost, and a floor that waits for room until its deadline)."""
        self.inside(["find", self.state / "hosts", "-type", "f", "-delete"])

    def hosts(self, count):
        return self.state / f"hosts.{count}"

    def floor(self, count, work, *rest):
        keys = self.state / "keys"
        return self.inside([self.state / "floor", self.hosts(count), PORT, "pbroot", keys / "id_ed25519",
                            keys / "id_ed25519.pub", keys / "known_hosts", FORKS, work, *rest])

    def python(self, name, count, work):
        script = {"pssh": "parallel_ssh.py", "asyncssh": "asyncssh_peer.py"}[name]
        keys = self.state / "keys"
        return self.inside(
            [self.state / "venv" / name / "bin/python3", self.bench / "peers" / script, self.hosts(count), work],
            {"PEERS": str(self.state), "PB_FORKS": str(FORKS), "PB_USER": "pbroot", "PB_PORT": str(PORT),
             "PB_KEY": str(keys / "id_ed25519"), "PB_KH": str(keys / "known_hosts")})

    def transport_alone(self, hosts, work, *rest, window=64, port=PORT, deadline=300):
        """Our SSH transport without manifest, selection or output: the executable `ssh-bench`."""
        keys = self.state / "keys"
        return self.inside([self.transport, hosts, port, "pbroot", keys / "id_ed25519", self.known_hosts(hosts, port),
                            window, work, *rest], deadline=deadline)

    def muster(self, hosts, *words, window=64, port=PORT, deadline=300):
        """The shipped command line: `muster hosts exec`."""
        return self.inside([self.run.muster, "hosts", "exec", "--all", "--window", window, self.manifest(hosts, port),
                            *words], {"MUSTER_HOME": self.folder.name + "/home"}, deadline)

    def need_transport(self):
        if not self.transport.exists():
            raise Skipped(f"no `ssh-bench` beside {self.run.muster}; `swift build --product ssh-bench` makes it")

    def has_exec(self):
        done = subprocess.run([self.run.muster, "hosts", "exec", "--help"], capture_output=True, text=True)
        return done.returncode == 0 and "muster hosts exec" in done.stdout

    # What they are told

    def addresses(self, hosts):
        return pathlib.Path(hosts).read_text().split()

    def known_hosts(self, hosts, port):
        key = " ".join((self.state / "keys/host.pub").read_text().split()[:2])
        path = pathlib.Path(self.folder.name) / f"known_hosts.{pathlib.Path(hosts).name}.{port}"
        if not path.exists():
            path.write_text("".join(f"[{a}]:{port} {key}\n" for a in self.addresses(hosts)))
        return path

    def manifest(self, hosts, port):
        path = pathlib.Path(self.folder.name) / f"{pathlib.Path(hosts).name}.{port}.yaml"
        if not path.exists():
            path.write_text(
                "muster: 1\nregion: bench\n"
                f"access: {{user: pbroot, port: {port}, keyFile: \"{self.state}/keys/id_ed25519\", "
                f"knownHosts: \"{self.known_hosts(hosts, port)}\"}}\n"
                "domains: [a]\nclusters:\n  - {name: c, control: true, managers: 1}\nhosts:\n" + "".join(
                    f"  - {{name: h{i}, address: {a}, domain: a, cluster: c}}\n"
                    for i, a in enumerate(self.addresses(hosts), 1)))
        return path

    def file_of(self, name, addresses):
        path = pathlib.Path(self.folder.name) / name
        path.write_text("".join(a + "\n" for a in addresses))
        return path


def table(run):
    with Peers(run) as peers:
        peers.need_transport()
        shipped = peers.has_exec()
        if not shipped:
            say("this build has no `muster hosts exec`: the transport's own client stands for it")
        one_command(run, peers, shipped, 300, run.rounds)
        one_command(run, peers, shipped, 1000, max(1, run.rounds - 2))
        ten_commands(run, peers, shipped)
        held_open(run, peers, shipped)
        throttled(run, peers, shipped)
        if shipped:
            silent(run, peers)
        else:
            run.skipped["silent hosts"] = "they need `muster hosts exec`"


def one_command(run, peers, shipped, count, rounds):
    hosts = peers.hosts(count)
    clients = {"muster": lambda: peers.muster(hosts, "--", "true")} if shipped else {}
    clients["transport"] = lambda: peers.transport_alone(hosts, "W1")
    clients["floor"] = lambda: peers.floor(count, "true")
    clients["parallel-ssh"] = lambda: peers.python("pssh", count, "W1")
    clients["asyncssh"] = lambda: peers.python("asyncssh", count, "W1")
    samples = alternated(rounds, clients)
    key = f"ssh.w1x{count}"
    title = f"connect + verify + authenticate + one command, {count} hosts, {rounds} rounds"
    print_rows(run, key, title, samples, count)
    us = samples["muster" if shipped else "transport"]
    bar_ratio(run, key, "cpu", us, samples["floor"], "floor", 1.2)
    bar_ratio(run, key, "cpu", us, samples["parallel-ssh"], "parallel-ssh", 0.75)
    bar_ratio(run, key, "wall", us, samples["floor"], "floor", 1.1)
    run.bar(f"{key}.hostsLost", max(lost_hosts(s, count) for s in us), 0,
            f"hosts lost of {count}")
    if count == 1000:
        counts = all(lost_hosts(s, count) == 0 for s in us)
        run.bar(f"{key}.peakMiB", max(s.peak_mib for s in us) if counts else None, 60,
                "peak memory with a window of 64, MiB")


def ten_commands(run, peers, shipped, count=300):
    hosts, lines = peers.hosts(count), pathlib.Path(peers.folder.name) / "ten"
    lines.write_text("".join(command + "\n" for command in TEN))
    clients = {"muster": lambda: peers.muster(hosts, "--each", lines)} if shipped else {}
    clients["transport"] = lambda: peers.transport_alone(hosts, "W2")
    clients["floor"] = lambda: peers.floor(count, "ten")
    clients["parallel-ssh"] = lambda: peers.python("pssh", count, "W2")
    clients["asyncssh"] = lambda: peers.python("asyncssh", count, "W2")
    samples = alternated(run.rounds, clients)
    print_rows(run, "ssh.w2x300", f"ten commands in ten execs, {count} hosts, {run.rounds} rounds", samples, count)
    us = samples["muster" if shipped else "transport"]
    bar_ratio(run, "ssh.w2x300", "cpu", us, samples["parallel-ssh"], "parallel-ssh", 0.6)


def held_open(run, peers, shipped, count=1000):
    samples = {"muster": [held_by_a_gate(peers, count)]} if shipped else {}
    samples["transport"] = [peers.transport_alone(peers.hosts(count), "hold")]
    print_rows(run, "ssh.held1000", "all 1000 sessions held open until the last one is", samples, count)
    sample = samples["muster" if shipped else "transport"][0]
    run.bar("ssh.held1000.hostsLost", lost_hosts(sample, count), 0, "hosts lost of 1000")
    run.bar("ssh.held1000.peakMiB", sample.peak_mib, 120, "peak memory with all 1000 held open, MiB")


def held_by_a_gate(peers, count):
    """Every host's command waits for a lock, which is given up when all of them wait: 1000 sessions at once."""
    gate, marks = (pathlib.Path(peers.folder.name) / name for name in ("gate", "held"))
    marks.write_text("")
    with open(gate, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def open_when_full():
            end = time.monotonic() + 120
            while len(marks.read_text()) < count and time.monotonic() < end:
                time.sleep(0.2)
            fcntl.flock(lock, fcntl.LOCK_UN)

        waiting = threading.Thread(target=open_when_full)
        waiting.start()
        sample = peers.muster(peers.hosts(count), "--", "sh", "-c", f"printf x >>{marks}; flock -s {gate} true",
                              window=count)
        waiting.join()
    return sample


def throttled(run, peers, shipped, count=300):
    hosts = peers.hosts(count)
    clients = {"muster": lambda: peers.muster(hosts, "--", "true", window=count, port=THROTTLED_PORT)} if shipped else {}
    clients["transport"] = lambda: peers.transport_alone(hosts, "W1", window=count, port=THROTTLED_PORT)
    samples = alternated(run.rounds, clients)
    print_rows(run, "ssh.maxStartups", "300 at once against `MaxStartups 10:30:100`", samples, count)
    run.bar("ssh.maxStartups.hostsLost", max(lost_hosts(s, count) for s in next(iter(samples.values()))), 0,
            "hosts lost of 300")


def silent(run, peers, count=300, dumb=12):
    good = peers.addresses(peers.hosts(count))[:count - dumb]
    mixed = [f"127.9.10.{i}" for i in range(1, dumb + 1)] + good  # the silent ones first, where they hurt most
    seconds, lost = {"without": [], "with": []}, 0
    for name, addresses in [("without", good), ("with", mixed)] * run.rounds:
        ends = marked_ends(peers, peers.file_of(f"silent-{name}", addresses))
        lost = max(lost, len(good) - len(ends))
        seconds[name].append(max(ends, default=None))
    if lost:
        say(f"\n{dumb} silent hosts among {count}: {lost} of the other {len(good)} did not run their command")
    alone, beside = (None if lost else statistics.median(seconds[name]) for name in ("without", "with"))
    if not lost:
        run.figure("ssh.silent.without.seconds", alone)
        run.figure("ssh.silent.with.seconds", beside)
        say(f"\n{dumb} silent hosts among {count}: the other {len(good)} done after {beside:.2f} s, "
            f"without them {alone:.2f} s")
    run.bar("ssh.silent.slowdown", None if lost else beside / alone, 1.3,
            f"time of the {len(good)} others, with / without silent hosts")
    run.bar("ssh.silent.hostsLost", lost, 0, f"hosts lost of the {len(good)} others")


def marked_ends(peers, hosts):
    """When each host ran its command, in seconds from the client's start: the hosts say it, not the client."""
    marks = pathlib.Path(peers.folder.name) / "marks"
    marks.write_text("")
    sample = peers.muster(hosts, "--", "sh", "-c", f"date +%s.%N >>{marks}", deadline=120)
    return [float(x) - sample.begun for x in marks.read_text().split()]


# Printing

def print_rows(run, key, title, samples, hosts):
    say(f"\n{title}")
    say(f"  {'':<14}{'wall':>9}{'client CPU':>13}{'a host':>11}{'peak':>11}   lost")
    for name, runs in samples.items():
        wall, cpu = median(runs, lambda s: s.wall), median(runs, lambda s: s.cpu)
        peak = max(s.peak_mib for s in runs)
        lost = max(lost_hosts(s, hosts) for s in runs)
        run.figure(f"{key}.{name}.wallSeconds", wall)
        run.figure(f"{key}.{name}.cpuMillisecondsPerHost", cpu * 1000 / hosts)
        run.figure(f"{key}.{name}.peakMiB", peak, 1)
        say(f"  {name:<14}{wall:>7.2f} s{cpu:>11.2f} s{cpu * 1000 / hosts:>8.2f} ms{peak:>7.0f} MiB   {lost}")


def lost_hosts(sample, hosts):
    """By the client's own count; by its exit code where it gives none."""
    return sample.counts.get("failed", 0 if sample.status == 0 else hosts)


def bar_ratio(run, key, what, us, peer, name, at_most):
    of = {"cpu": lambda s: s.cpu, "wall": lambda s: s.wall}[what]
    words = {"cpu": "client CPU", "wall": "wall time"}[what]
    # Who loses hosts is quick: that is no ratio.
    counts = all(lost_hosts(sample, 1) == 0 for sample in us + peer)
    run.bar(f"{key}.{what}.{name}", median(us, of) / median(peer, of) if counts else None, at_most,
            f"{words}, muster / {name}")
