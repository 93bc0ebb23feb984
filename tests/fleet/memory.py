"""`make services-memory`: what each process of idle services holds, after each service was used once.

Proportional set size: what processes share is divided among them, so that the sum is what the machine gives.
"""

import re
import sys
import tempfile
import time
from pathlib import Path

from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import SERVED, Wishes
from tests.embedded.running import Frontrow
from tests.memory import touch

ROOT = Path(__file__).parents[2]


def megabytes(pid: int) -> float:
    """A process's share of memory; none of one that has just ended."""
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(kilobytes) for kilobytes in re.findall(r"^Pss: +(\d+) kB", told, re.MULTILINE)) / 1000


def held(fleet: Fleet) -> dict[str, tuple[int, float]]:
    """How many processes each program has, and what these hold together."""
    families = {name: fleet.pids(name) for name in fleet.programs() if fleet.pids(name)}
    return {name: (len(pids), sum(map(megabytes, pids))) for name, pids in families.items()}


def settled(fleet: Fleet, seconds: float = 60) -> dict[str, tuple[int, float]]:
    """The same, once the sum no longer changes by two megabytes in 5 seconds."""
    before, deadline = -9.0, time.monotonic() + seconds
    while True:
        now = held(fleet)
        total = sum(size for _, size in now.values())
        if abs(total - before) < 2 or time.monotonic() > deadline:
            return now
        before = total
        time.sleep(5)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="frontrow-memory-") as folder:
        outside = Frontrow(ROOT, Path(folder) / "data")
        fleet = Fleet(outside.data, Wishes(port=outside.port))
        try:
            fleet.start()
            touch(outside)
            shares = settled(fleet)
        finally:
            fleet.stop()
    print("| program | processes | MB |\n|---|---:|---:|")
    for name, (processes, size) in shares.items():
        print(f"| {name} | {processes} | {size:.0f} |")
    ours = {name for name in shares if name.removesuffix("-work") in SERVED}
    sums = [sum(shares[name][1] for name in names) for names in (ours, set(shares))]
    print(f"\nThe six services and the pages hold {sums[0]:.0f} MB, everything together {sums[1]:.0f} MB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
