"""`up` of five bare hosts, against what a good engineer writes by hand (loadtest/peers/up-by-hand.sh), both on fresh
labs and in turn."""
import json, pathlib, re, sqlite3, tempfile
from frame import TOP, median, say
from lab import Lab
from measure import alternated

MANIFEST = TOP / "bootstrap/regions/lab.yaml"
HAND = TOP / "loadtest/peers/up-by-hand.sh"
HOSTS = 5


def table(run):
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        folder = pathlib.Path(folder)
        # Muster's round comes first: the peer is given the policy file that Muster made.
        samples = alternated(max(1, min(run.rounds, 3)), {"muster": lambda: by_muster(run, folder),
                                                          "byHand": lambda: by_hand(run, folder)})
    rounds = len(samples["muster"])
    say(f"\n`up` of {HOSTS} bare hosts to a served region, fresh labs, {rounds} rounds in turn")
    for name, title in [("muster", "muster up"), ("byHand", "by hand, ssh in parallel")]:
        wall, cpu = median(samples[name], lambda s: s.wall), median(samples[name], lambda s: s.cpu)
        run.figure(f"up.{name}.wallSeconds", wall)
        run.figure(f"up.{name}.cpuSeconds", cpu)
        hosts = run.figure(f"up.{name}.hostsCpuSeconds", median(samples[name], lambda s: s.counts["hosts"]))
        every = ", ".join(f"{s.wall:.1f}" for s in samples[name])
        say(f"  {title:<26}{wall:>7.1f} s   CPU: client {cpu:.2f} s, hosts {hosts:.1f} s   (wall of each: {every})")
    run.bar("up.wall.byHand", median(samples["muster"], lambda s: s.wall) / median(samples["byHand"], lambda s: s.wall),
            1.2, "wall time, muster up / by hand")


def by_muster(run, folder):
    with Lab(run, HOSTS) as lab:
        sample = lab.muster("up", MANIFEST, "--json")
        report = json.loads(sample.output[sample.output.index("{"):])
        run.figure("up.muster.remoteWrites", report.get("remoteWrites", 0))
        for word, seconds in report.get("secondsByStep", {}).items():
            run.figure(f"up.muster.step.{word}.seconds", seconds, 2)
        sample.counts["hosts"] = lab.group().cpu_seconds()
        second = lab.muster("up", MANIFEST)
        if "0 remote writes" not in second.output:
            raise RuntimeError(f"a second `up` was not empty: {second.output[-500:]}")
        with sqlite3.connect(f"file:{lab.home}/lab/inventory.sqlite?mode=ro", uri=True) as inventory:
            (folder / "policy.json").write_text(inventory.execute("SELECT policy FROM region").fetchone()[0])
        return sample


def by_hand(run, folder):
    with Lab(run, HOSTS) as lab:
        lab.call("image", "--into", str(folder))
        archive = next(folder.glob("*.tar.gz"))
        reference = "muster:" + re.fullmatch(r"muster-(\w+)\.tar\.gz", archive.name).group(1)
        addresses = [lab.address(i) for i in range(1, HOSTS + 1)]
        sample = lab.inside(["bash", HAND, lab.state / "id_ed25519", lab.state / "known_hosts", archive, reference,
                             folder / "policy.json", *addresses])
        sample.counts["hosts"] = lab.group().cpu_seconds()
        return sample
