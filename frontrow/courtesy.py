"""Processes that leave the processor to who sells (decision 24)."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

# Of nice(2): a thirtieth of what others get while these take all there is. To have passwords hashed is the
# most costly thing that strangers can ask for.
SIGN_IN = 15
TELLING, LAST = {"notifications", "reviews"}, 19  # for whom nobody's ticket waits; what others leave


def of_work(services: Iterable[str], nice: int) -> int:
    """How far the work of these services steps back, where work steps back so far in general."""
    return LAST if nice and TELLING.issuperset(services) else nice


def step_back(by: int) -> None:
    """Take less while others want all there is, also where Linux shares by sessions (sched(7), autogroup)."""
    os.nice(by)
    if os.getsid(0) == os.getpid():  # else the session is somebody else's
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text(f"{by}")
