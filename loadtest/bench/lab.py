"""Real bare hosts for the tables that need them: a lab of the bench's own beside other labs, and regions on it."""
import json, os, pathlib, shutil, subprocess
from frame import TOP
from measure import measured


class Lab:
    """A lab that is up as long as the `with` lasts; `muster` runs inside its network."""

    def __init__(self, run, hosts, engine=False):
        self.run, self.hosts, self.engine = run, hosts, engine
        self.state = pathlib.Path(os.environ.get("MUSTER_LAB", "/var/tmp/muster-lab") + "-bench")
        self.home = self.state / "muster-home"
        self.environment = {"MUSTER_LAB": str(self.state), "MUSTER_HOME": str(self.home)}

    def __enter__(self):
        self.call("lab", "down", check=False)
        shutil.rmtree(self.home, ignore_errors=True)
        try:
            self.call("lab", "up", str(self.hosts), *(["--engine"] if self.engine else []))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.call("lab", "down", check=False)

    def call(self, *words, check=True):
        """`muster WORDS` outside of the lab's network."""
        done = subprocess.run([self.run.muster, *words], env={**os.environ, **self.environment},
                              capture_output=True, text=True)
        if check and done.returncode != 0:
            raise RuntimeError(f"muster {' '.join(words)}: exit {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def inside(self, command, deadline=600, stdin=None, check=True):
        """Runs a program in the lab's network, measured. `lab exec` becomes the program: nothing of it is counted but
        its own start."""
        sample = measured([self.run.muster, "lab", "exec", "--", *map(str, command)], self.environment, deadline, stdin)
        if check and sample.status != 0:
            raise RuntimeError(f"{command}: exit {sample.status}: {sample.output[-2000:]}")
        return sample

    def muster(self, *words, **options):
        return self.inside([self.run.muster, *words], **options)

    def address(self, host):
        return f"198.18.{1 + (host + 1) // 256}.{(host + 1) % 256}" if host < 249 else None

    def manifest(self):
        """A region of all hosts: three managers, three domains, the others workers."""
        path = self.state / "region.yaml"
        lines = [f"  - {{name: h{i}, address: {self.address(i)}, domain: {'abc'[(i - 1) % 3]}, cluster: control}}"
                 for i in range(1, self.hosts + 1)]
        base = (TOP / "bootstrap/regions/lab.yaml").read_text()
        path.write_text(base.split("hosts:\n")[0] + "hosts:\n" + "\n".join(lines) + "\n\nnetwork:"
                        + base.split("\nnetwork:")[1])
        return path

    def group(self):
        """The control group of all hosts."""
        rows = json.loads(self.call("lab", "ls", "--json"))
        group = Group.of(next(row["pid"] for row in rows if row.get("pid")))
        return Group("/" + group.path.split("/")[1], group.version)

    def bridge_bytes(self):
        """What this machine has sent into the lab so far, in bytes: the operator's line. `br0` counts what comes from
        here, and not what hosts send each other."""
        return int(next(line.split()[9] for line in self.inside(["cat", "/proc/net/dev"]).output.splitlines()
                        if line.strip().startswith("br0:")))


class Group:
    """A control group that counts CPU, of version 1 or 2."""

    def __init__(self, path, version):
        self.path, self.version = path, version

    @staticmethod
    def of(pid):
        paths = {}
        for line in (text(f"/proc/{pid}/cgroup") or b"").decode().splitlines():
            _, controllers, path = line.split(":", 2)
            paths.update({controller: path for controller in controllers.split(",")})
        return Group(paths["cpuacct"], 1) if "cpuacct" in paths else Group(paths.get("", ""), 2)

    def cpu_seconds(self):
        if self.version == 1:
            return int(text(f"/sys/fs/cgroup/cpuacct{self.path}/cpuacct.usage")) / 1e9
        return int(dict(line.split() for line in text(f"/sys/fs/cgroup{self.path}/cpu.stat").decode().splitlines())
                   ["usage_usec"]) / 1e6


def text(path):
    try:
        return pathlib.Path(path).read_bytes()
    except OSError:  # a process that has just ended
        return None
