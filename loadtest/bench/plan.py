"""Planning without hosts: facts of 100 … 10,000 hosts in memory, planned by the same pure function as `up`, and how
its time grows with their number."""
import json, math, subprocess
from frame import Skipped, say

SIZES = [100, 300, 1000, 3000, 10000]


def table(run):
    times = {}
    for hosts in SIZES:
        times[hosts] = min(planned(run, hosts) for _ in range(3))
        run.figure(f"plan.{hosts}.milliseconds", times[hosts])
    say("\nplanning from facts, the best of three")
    for hosts, milliseconds in times.items():
        say(f"  {hosts:>6} hosts{milliseconds:>10.2f} ms")
    exponent = run.figure("plan.growthExponent", slope(times))
    say(f"  time grows as N^{exponent:.2f} (fitted over all sizes)")
    run.bar("plan.1000.milliseconds", times[1000], 50, "planning 1000 hosts, ms")
    run.bar("plan.10000.milliseconds", times[10000], 1000, "planning 10,000 hosts, ms")


def planned(run, hosts):
    done = subprocess.run([run.muster, "plan-timing", str(hosts)], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise Skipped("this build has no `muster plan-timing`")
    return float(json.loads(done.stdout)["milliseconds"])


def slope(times):
    """Least squares through (log N, log time)."""
    xs, ys = [math.log(n) for n in times], [math.log(t) for t in times.values()]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum((a - x) ** 2 for a in xs)
