"""Runs one client program to its end and says what it cost. The CPU is the kernel's own count for the program and all
its children (wait4), not a sample; the far end's CPU is not the client's and is left out."""
import os, re, signal, subprocess, tempfile, time
from dataclasses import dataclass, field


@dataclass
class Sample:
    """One run. `cpu` is user and system time of the program and its children, `peak_mib` its largest resident set."""
    wall: float
    cpu: float
    peak_mib: float
    status: int
    output: str
    begun: float
    counts: dict = field(default_factory=dict)


def measured(command, environment=None, deadline=300, stdin=None):
    """Runs `command` (a list) and measures it; past the deadline its whole process group is killed (status -9).

    A child's largest resident set starts at that of the process which started it, so GNU time stands between this
    Python and the command and measures that one; its own millisecond is in everybody's CPU.
    """
    with (tempfile.TemporaryFile() as output, tempfile.NamedTemporaryFile("r") as peak,
          open(stdin or os.devnull, "rb") as source):
        begun, start = time.time(), time.monotonic()
        process = subprocess.Popen(
            ["/usr/bin/time", "-q", "-f", "%M", "-o", peak.name, *map(str, command)], stdin=source, stdout=output,
            stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}, start_new_session=True)
        status, usage = wait(process.pid, start + deadline)
        wall = time.monotonic() - start
        process.returncode = status
        output.seek(0)
        text, kib = output.read().decode(errors="replace"), int((peak.read().split() or ["0"])[-1])
    counts = dict(re.findall(r"(\w+)=(\d+)", (re.findall(r"^RESULT (.*)$", text, re.M) or [""])[-1]))
    return Sample(wall, usage.ru_utime + usage.ru_stime, kib / 1024, status, text, begun,
                  {key: int(value) for key, value in counts.items()})


def wait(pid, end):
    """The exit status and resource usage of a child, which is killed when its time is over."""
    alarm = max(0.001, end - time.monotonic())
    def kill(*_):
        os.killpg(pid, signal.SIGKILL)
    before = signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, alarm)
    try:
        _, status, usage = os.wait4(pid, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return os.waitstatus_to_exitcode(status), usage


def alternated(rounds, commands):
    """Runs each of `commands` (name → function that gives a Sample) once a round, in turn, so that noise hits all."""
    samples = {name: [] for name in commands}
    for number in range(rounds):
        # Every other round backwards: none of them always runs right after the same one.
        for name in (list(commands) if number % 2 == 0 else reversed(list(commands))):
            samples[name].append(commands[name]())
    return samples
