"""Whether the processors are full with what comes first."""

import contextlib
from pathlib import Path
from time import monotonic

STAT = Path("/proc/stat")
A_MOMENT = 0.2  # seconds
LITTLE = 1 / 3  # of all processors


class Pressure:
    """How little selling leaves to what steps back (decision 24), looked at now and then by one thread."""

    def __init__(self) -> None:
        self.seen, self.left, self.whole, self.is_high = 0.0, 0, 0, False

    def felt(self) -> bool:
        """Whether it left less than a third since the look before; never where Linux does not tell."""
        if monotonic() - self.seen >= A_MOMENT:
            self.seen = monotonic()
            with contextlib.suppress(OSError, ValueError):
                self._look()
        return self.is_high

    def _look(self) -> None:
        """As proc_stat(5) counts: what runs at a low priority would step back, too."""
        with STAT.open() as lines:
            user, low, system, idle, waiting, *others = map(int, lines.readline().split()[1:9])
        left = low + idle + waiting
        whole = left + user + system + sum(others)
        self.is_high = left - self.left < LITTLE * (whole - self.whole)
        self.left, self.whole = left, whole
