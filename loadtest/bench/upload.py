"""Sending: 50 MB to 20 hosts against the floor's `cat >`, and whether the control plane's image crosses the operator's
line once, counted in bytes."""
import os, pathlib, tempfile
from frame import TOP, Skipped, say
from lab import Lab
from measure import alternated
from ssh import Peers, bar_ratio, print_rows

HOSTS, MEGABYTES = 20, 50


def table(run):
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        try:
            to_many(run, pathlib.Path(folder))
        except Skipped as why:  # the other half needs no peer
            run.skipped["upload to 20 hosts"] = str(why)
        image_line(run, pathlib.Path(folder))


def to_many(run, folder):
    blob = folder / "blob"
    blob.write_bytes(os.urandom(MEGABYTES * 1000 * 1000))
    with Peers(run) as peers:
        peers.need_transport()
        target = f"{peers.state}/hosts/%s"
        samples = alternated(run.rounds, {
            "transport": lambda: peers.emptied() or peers.transport_alone(peers.hosts(HOSTS), "put", blob, target),
            "floor": lambda: peers.emptied() or peers.floor(HOSTS, "put", blob, target)})
    print_rows(run, "upload.50MBx20", f"{MEGABYTES} MB to {HOSTS} hosts, {run.rounds} rounds", samples, HOSTS)
    bar_ratio(run, "upload.50MBx20", "cpu", samples["transport"], samples["floor"], "floor", 1.2)
    bar_ratio(run, "upload.50MBx20", "wall", samples["transport"], samples["floor"], "floor", 1.2)


def image_line(run, folder):
    """Hosts that have the engine fetch nothing from this machine's package source: what goes out is Muster's alone."""
    with Lab(run, 5, engine=True) as lab:
        lab.call("image", "--into", str(folder))
        image = next(folder.glob("*.tar.gz")).stat().st_size
        start = lab.bridge_bytes()
        lab.muster("up", TOP / "bootstrap/regions/lab.yaml")
        sent = lab.bridge_bytes() - start
    run.figure("upload.image.bytes", image, 0)
    run.figure("upload.image.sentBytes", sent, 0)
    say(f"\n`up` of 5 hosts that have the engine: the image is {image / 1e6:.1f} MB, the operator's line carried "
        f"{sent / 1e6:.1f} MB out")
    run.bar("upload.image.crossings", sent / image, 1.2, "bytes that left the operator's machine / the image's")
