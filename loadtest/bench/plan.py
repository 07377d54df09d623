"""stub"""
from frame import Skipped


def table(run):
    raise Skipped("not yet")
