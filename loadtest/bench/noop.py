"""What looking costs: an `up` that has nothing to do, on 20 clones that have the engine, counted in the process that
observes: the operator's before the hand off, the control plane's after it."""
import json, os, pathlib, statistics
from frame import say
from lab import Group, Lab, text

HOSTS = 20
RUNS = 10  # the control plane's CPU is read around all of them together: one run is too short for a clock tick
TICKS = os.sysconf("SC_CLK_TCK")


def table(run):
    with Lab(run, HOSTS, engine=True) as lab:
        manifest = lab.manifest()
        before = [lab.muster("plan", manifest, check=False) for _ in range(3)]
        lab.muster("up", manifest)
        first = lab.muster("up", manifest, "--json")
        execs = max(json.loads(first.output[first.output.index("{"):])["execsPerHost"].values())
        process, container = control_plane(lab)
        start = [cpu_seconds(process), container.cpu_seconds()]
        runs = [lab.muster("up", manifest) for _ in range(RUNS)]
        spent, contained = [(end - begin) / RUNS
                            for begin, end in zip(start, [cpu_seconds(process), container.cpu_seconds()])]
    if not all("0 remote writes" in sample.output for sample in runs):
        raise RuntimeError(f"an `up` was not empty: {runs[-1].output[-500:]}")
    say(f"\nno-op `up` of {HOSTS} lab clones that have the engine")
    rows = [("plan before the hand off", "noop.operator", statistics.median(s.cpu for s in before)),
            ("control plane, a no-op `up`", "noop.controlPlane", spent),
            ("its container, Docker's checks", "noop.container", contained),
            ("its command line", "noop.commandLine", statistics.median(s.cpu for s in runs))]
    for title, key, cpu in rows:
        run.figure(f"{key}.cpuMillisecondsPerHost", cpu * 1000 / HOSTS)
        say(f"  {title:<30}{cpu * 1000:>8.0f} ms CPU{cpu * 1000 / HOSTS:>8.2f} ms a host")
    run.figure("noop.wallSeconds", statistics.median(s.wall for s in runs))
    run.bar("noop.execsPerHost", execs, 1, "execs a host of a no-op `up`")
    # All that the process used in that time, its own background work (a witness each 3 s, a look each 60 s) too. What
    # Docker starts beside it in its container, a health check each 5 s, observes nothing and is only told.
    run.bar("noop.cpuMillisecondsPerHost", spent * 1000 / HOSTS, 3, "CPU a host in the control plane, ms")


def control_plane(lab):
    """The control plane's process among the lab's own, and the control group of its container."""
    for process in pathlib.Path("/proc").iterdir():
        if process.name.isdigit() and b"\0serve\0--region\0" in (text(process / "cmdline") or b""):
            if (group := Group.of(process.name)).path.startswith(lab.group().path + "/"):
                return process, group
    raise RuntimeError("no control plane runs in this lab")


def cpu_seconds(process):
    """User and system time of all threads of a process, ended ones too."""
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
