"""What looking costs: an `up` that has nothing to do, on 20 clones that have the engine, counted in the process that
observes: the operator's before the hand off, the control plane's after it."""
import json, pathlib, statistics
from frame import say
from lab import Lab

HOSTS = 20
RUNS = 10  # the control plane's CPU is read around all of them together: one run is too short for a clock tick


def table(run):
    with Lab(run, HOSTS, engine=True) as lab:
        manifest = lab.manifest()
        before = [lab.muster("plan", manifest, check=False) for _ in range(3)]
        lab.muster("up", manifest)
        first = lab.muster("up", manifest, "--json")
        execs = max(json.loads(first.output[first.output.index("{"):])["execsPerHost"].values())
        plane = ControlPlane(lab)
        start = plane.cpu_seconds()
        runs = [lab.muster("up", manifest) for _ in range(RUNS)]
        spent = (plane.cpu_seconds() - start) / RUNS
    if not all("0 remote writes" in sample.output for sample in runs):
        raise RuntimeError(f"an `up` was not empty: {runs[-1].output[-500:]}")
    say(f"\nno-op `up` of {HOSTS} lab clones that have the engine")
    rows = [("plan before the hand off", "noop.operator", statistics.median(s.cpu for s in before)),
            ("control plane, a no-op `up`", "noop.controlPlane", spent),
            ("its command line", "noop.commandLine", statistics.median(s.cpu for s in runs))]
    for title, key, cpu in rows:
        run.figure(f"{key}.cpuMillisecondsPerHost", cpu * 1000 / HOSTS)
        say(f"  {title:<30}{cpu * 1000:>8.0f} ms CPU{cpu * 1000 / HOSTS:>8.2f} ms a host")
    run.figure("noop.wallSeconds", statistics.median(s.wall for s in runs))
    run.bar("noop.execsPerHost", execs, 1, "execs a host of a no-op `up`")
    # All that its container used in that time, its own background work (a witness each 3 s, a look each 60 s) too.
    run.bar("noop.cpuMillisecondsPerHost", spent * 1000 / HOSTS, 3, "CPU a host in the control plane, ms")


class ControlPlane:
    """The container of a lab's control plane, found by its process among those of the lab's own control group."""

    def __init__(self, lab):
        host = json.loads(lab.call("lab", "ls", "--json"))
        rows = host if isinstance(host, list) else host["hosts"]
        region = "/" + cpu_group(groups(rows[0]["pid"])).split("/")[1] + "/"
        for process in pathlib.Path("/proc").iterdir():
            if process.name.isdigit() and b"\0serve\0--region\0" in (text(process / "cmdline") or b""):
                mine = groups(process.name)
                if cpu_group(mine).startswith(region):
                    self.pid, self.group = process.name, mine
                    return
        raise RuntimeError("no control plane runs in this lab")

    def cpu_seconds(self):
        if "cpuacct" in self.group:
            return int(text(f"/sys/fs/cgroup/cpuacct{self.group['cpuacct']}/cpuacct.usage")) / 1e9
        rows = dict(line.split() for line in text(f"/sys/fs/cgroup{self.group['']}/cpu.stat").decode().splitlines())
        return int(rows["usage_usec"]) / 1e6


def cpu_group(paths):
    """The control group that counts CPU, of version 1 or 2."""
    return paths.get("cpuacct", paths.get("", ""))


def groups(pid):
    """Controller → path of a process's control groups; the empty name is version 2's."""
    paths = {}
    for line in (text(f"/proc/{pid}/cgroup") or b"").decode().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def text(path):
    try:
        return pathlib.Path(path).read_bytes()
    except OSError:  # a process that has just ended
        return None
