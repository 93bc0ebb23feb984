"""Failpoints: places between two effects, where a test can kill the process, hold it up, or fail the call.

They are off but where FAILPOINTS names a folder, which settings refuse on any network but loopback. There a
file of a point's name is an order, for whoever gets there first: `kill`, `fail`, or `wait` and some seconds.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from django.conf import settings

FOLDER: Path | None = settings.ENVIRONMENT.failpoints
HIT = ".hit"  # what an order is called once it was carried out


class Failed(Exception):
    """What a call raises that is told to fail."""


def point(name: str) -> None:
    """Do what a test ordered here, if it did. Raises Failed."""
    if FOLDER is not None:
        _reach(FOLDER / name)


def _reach(order: Path) -> None:
    taken = order.with_name(f"{order.name}.{time.monotonic_ns()}{HIT}")
    with contextlib.suppress(FileNotFoundError):
        order.rename(taken)
        _carry_out(taken.read_text(), order.name)


def _carry_out(order: str, name: str) -> None:
    what, _, seconds = order.partition(" ")
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "fail":
        raise Failed(name)
    time.sleep(float(seconds or 0))
