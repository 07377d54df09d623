"""`make bench` and `make bench-TABLE`: runs the tables asked for, one after another, prints ratios with their bars, and
appends one line to loadtest/history.ndjson. Exit codes: 0 all bars hold, 1 one was missed, 64 usage."""
import argparse, sys, traceback
import noop, plan, sizes, ssh, up, upload
from frame import Run, Skipped

TABLES = {"sizes": sizes.table, "plan": plan.table, "ssh": ssh.table, "noop": noop.table, "upload": upload.table,
          "up": up.table}


def main():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--muster", required=True, help="the executable to measure")
    parser.add_argument("--rounds", type=int, default=5, help="how often each client runs, in turn (default: 5)")
    parser.add_argument("tables", nargs="*", help=f"of {', '.join(TABLES)} (default: all)")
    options = parser.parse_args()
    unknown = [name for name in options.tables if name not in TABLES]
    if unknown or options.rounds < 1:
        parser.exit(64, f"bench: no table `{' '.join(unknown)}`; there are {', '.join(TABLES)}\n")
    run = Run(options.muster, options.tables or list(TABLES), options.rounds)
    run.head()
    for name in run.tables:
        try:
            TABLES[name](run)
        except Skipped as why:
            run.skipped[name] = str(why)
        except Exception as error:  # one broken table must not cost the figures of the others
            traceback.print_exc()
            run.skipped[name] = f"broke: {error}"[:500]
    return run.end()


sys.exit(main())
