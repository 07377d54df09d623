"""What is carried: the executable and the control plane's image."""
import os, pathlib, tempfile
from frame import say
from measure import measured


def table(run):
    with tempfile.TemporaryDirectory() as folder:
        sample = measured([run.muster, "image", "--into", folder])
        image = max(pathlib.Path(folder).iterdir(), key=lambda path: path.stat().st_size)
        figures = {"sizes.executable.MiB": os.path.getsize(run.muster) / 1048576,
                   "sizes.image.MiB": image.stat().st_size / 1048576, "sizes.image.makingSeconds": sample.wall}
    say("\nsizes")
    for name, value in figures.items():
        run.figure(name, value, 2)
    say(f"  the executable {figures['sizes.executable.MiB']:.1f} MiB; the control plane's image "
        f"{figures['sizes.image.MiB']:.1f} MiB compressed, made in {figures['sizes.image.makingSeconds']:.1f} s")
