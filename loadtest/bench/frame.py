"""What every table of the bench shares: figures, bars with their verdicts, the machine, and the line that goes into
history.ndjson. Absolute times mean little on a shared machine, so bars are set on ratios of one run wherever a peer
exists (ADR 0019); docs/benchmarks.md describes the line's schema."""
import datetime, json, os, pathlib, statistics, subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
HISTORY = TOP / "loadtest" / "history.ndjson"
SCHEMA = 1  # of a line in history.ndjson; grows when a key changes its meaning


class Skipped(Exception):
    """A table that cannot run here; its text says what is missing and where it comes from."""


class Run:
    """One run of the bench: what was measured so far, and against which bars."""

    def __init__(self, muster, tables, rounds):
        self.muster, self.tables, self.rounds = os.path.realpath(muster), tables, rounds
        self.figures, self.bars, self.skipped = {}, [], {}
        # SwiftPM's folders say how it was built.
        self.build = next((p for p in ("release", "debug") if p in pathlib.Path(self.muster).parts), "unknown")
        self.started, self.load = datetime.datetime.now(datetime.timezone.utc), os.getloadavg()

    def figure(self, name, value, digits=3):
        """Keeps one measured number; its unit is the end of its name."""
        self.figures[name] = round(value, digits)
        return value

    def bar(self, name, value, at_most, title):
        """Prints and keeps one line of the verdict; a `value` of None could not be measured, and fails."""
        holds = value is not None and value <= at_most
        self.bars.append({"name": name, "value": value if value is None else round(value, 4), "atMost": at_most,
                          "holds": holds})
        text = "nothing" if value is None else shown(value)
        if not holds and text == shown(at_most):
            text = f"{value:.4f}"  # missed by a hair: the line would contradict itself
        say(f"  {'pass' if holds else 'FAIL'}  {title:<66} {text:>9}   at most {shown(at_most)}")

    def head(self):
        machine = self.machine()
        say(f"muster {self.build} build, commit {commit()}; {machine['cores']} cores, kernel {machine['kernel']}, "
            f"{machine['memoryMiB']} MiB, load {self.load[0]:.2f}")
        if self.build != "release":
            say(f"build: {self.build}: figures and verdicts of Muster's own speed mean nothing; this run only shows "
                "that the tables work")

    def machine(self):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1048576
        return {"cores": os.cpu_count(), "kernel": os.uname().release, "memoryMiB": memory,
                "load": [round(x, 2) for x in self.load]}

    def end(self):
        """Says how many bars hold, writes the history, and gives the exit code."""
        missed = [bar["name"] for bar in self.bars if not bar["holds"]]
        for table, why in self.skipped.items():
            say(f"skipped `{table}`: {why}")
        say(f"{len(self.bars) - len(missed)} of {len(self.bars)} bars hold"
            + (f"; missed: {', '.join(missed)}" if missed else "") + f"; build: {self.build}")
        if self.figures:
            line = {"schema": SCHEMA, "date": self.started.strftime("%Y-%m-%dT%H:%M:%SZ"), "commit": commit(),
                    "build": self.build, "machine": self.machine(), "rounds": self.rounds,
                    "tables": [t for t in self.tables if t not in self.skipped], "skipped": self.skipped,
                    "figures": self.figures, "bars": self.bars}
            with open(HISTORY, "a") as file:
                file.write(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")
        return 1 if missed else 0


def commit():
    """The commit that is checked out, with a `+` when files differ from it (the history itself does not count)."""
    def git(*words):
        done = subprocess.run(["git", "-C", TOP, *words], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""
    differs = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!loadtest/history.ndjson")
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + ("+" if differs else "")


def say(text=""):
    print(text, flush=True)


def shown(value):
    return f"{value:.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.2f}"


def median(samples, key):
    return statistics.median(key(sample) for sample in samples)
