"""Children that do not outlive their parent, and an end to those that did.

Both ask Linux. On another system an orphan goes on; the locks of the folder then refuse a second Frontrow.
"""

import contextlib
import ctypes
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)

# A clean shutdown of PostgreSQL, an immediate one, an end. What was committed is safe in each case.
STOPPING = ((signal.SIGINT, 3.5), (signal.SIGQUIT, 1.0), (signal.SIGKILL, 1.0))


def follow(parent: int, order: int) -> None:
    """Have the system send `order` to this process as soon as `parent` is gone."""
    if sys.platform != "linux":
        return
    _libc.prctl(PR_SET_PDEATHSIG, order)
    if os.getppid() != parent:  # it was gone before we asked
        os._exit(1)


def follower(order: int) -> Callable[[], None]:
    """What a child of ours does before it becomes its program (Popen's preexec_fn)."""
    parent = os.getpid()
    return lambda: follow(parent, order)


def end_postgres(title: str, pause: Callable[[float], None]) -> None:
    """End every process of the PostgreSQL server of this title."""
    for order, seconds in STOPPING:
        for pid in _titled(title):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, order)
        deadline = time.monotonic() + seconds
        while _titled(title) and time.monotonic() < deadline:
            pause(0.02)


def _titled(title: str) -> list[int]:
    """The title stands in the server's arguments and in what its processes call themselves.

    A process's folder would tell too, but in a container not even root may look at that of another user's.
    """
    ours = re.compile(re.escape(title).encode() + rb"[:\0]")
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (place / "cmdline").read_bytes()
            if (place / "comm").read_text() == "postgres\n" and ours.search(command):
                found.append(int(place.name))
    return found
