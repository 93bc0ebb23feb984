"""`make sign-in-flood`: whether people still book while hundreds of sign-ins a second come with wrong passwords.

Periods of bookings without and with the flood take turns, so that whatever else the machine does falls on both. Exit 1
if bookings lose more than a tenth, or the flood was not one. Limits of sign-ins are lifted: they would refuse all of it
for next to nothing.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import load, truth
from bench.__main__ import LIFTED, NO_MAIL
from bench.stage import Services
from frontrow.fleet import packages
from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import Wishes
from tests.embedded.system import free_port, wait

A_SECOND = 215  # wrong sign-ins, of which the last are not answered in time to be counted
ACCOUNTS = 100_000  # that they try, one after the other
CONNECTIONS = 128
ATTACKERS = 160  # connections: as many as wait at the gateway, and enough to come beside these
MOST_LOST = 0.1
PATIENT = {"SIGN_IN_FAILURES_PER_ADDRESS": "1000000", "SIGN_IN_FAILURES_PER_ACCOUNT": "1000000"}


@contextmanager
def flooded(address: str, seconds: int, account: int) -> Iterator[Counter[int]]:
    """Meanwhile the flood comes; their statuses afterwards."""
    words = [str(each) for each in (A_SECOND, load.THREADS, ACCOUNTS, account, ATTACKERS)]
    command = ["wrk", f"-t{load.THREADS}", f"-c{ATTACKERS}", f"-d{seconds}s", "--timeout", "30s",
               "-s", str(load.HERE / "flood.lua"), address, "--", *words]  # fmt: skip
    statuses = Counter[int]()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as coming:
        yield statuses
        said, _ = coming.communicate(timeout=60)
    for status, count in re.findall(r"^status (\d+) (\d+)$", said, re.MULTILINE):
        statuses[int(status)] += int(count)


def measured(stage: Services, rounds: int, seconds: int) -> tuple[list[float], list[float], Counter[int]]:
    """Bookings a second without and with the flood, round by round, and what the flood was answered."""
    without: list[float] = []
    beside: list[float] = []
    statuses: Counter[int] = Counter()
    for number in range(rounds):
        for with_flood in (False, True) if number % 2 else (True, False):
            people, events = stage.crowd(seconds), stage.events(1)
            wait(300, lambda: _is_told(stage), "what was booked before is told")
            if with_flood:
                with flooded(stage.address, seconds, A_SECOND * seconds * number) as told:
                    run = load.book(stage.address, people, events, CONNECTIONS, seconds)
                statuses += told
            else:
                run = load.book(stage.address, people, events, CONNECTIONS, seconds)
            (beside if with_flood else without).append(run.booked / run.seconds)
            print(f"round {number + 1}, {'with' if with_flood else 'without'} the flood: "
                  f"{run.booked / run.seconds:,.0f} bookings a second, p99 {run.p99_ms:,.0f} ms", flush=True)  # fmt: skip
    truth.check_stock(stage)
    return without, beside, statuses


def _is_told(stage: Services) -> bool:
    return stage.row("bookings", "SELECT EXISTS (SELECT FROM chassis_outbox)") == (False,)


def lost(without: list[float], beside: list[float]) -> float:
    """The share of bookings that the flood takes: the median of the rounds."""
    return 1 - statistics.median(b / a for a, b in zip(without, beside, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser("bench.flood", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--seconds", type=int, default=6, help="of a period; five of them are half a minute of flood"
    )
    wanted = parser.parse_args()
    packages.ensure()
    load.ensure()
    with tempfile.TemporaryDirectory(prefix="frontrow-flood-") as folder:
        Path(folder).chmod(0o711)
        fleet = Fleet(Path(folder) / "data", Wishes(port=free_port(), environment=LIFTED | NO_MAIL | PATIENT))
        try:
            fleet.start()
            without, beside, statuses = measured(Services(fleet, Path(folder)), wanted.rounds, wanted.seconds)
        finally:
            fleet.stop()
    share, came = lost(without, beside), statuses.total() / (wanted.rounds * wanted.seconds)
    print(f"{statistics.median(without):,.0f} bookings a second without, {statistics.median(beside):,.0f} with"
          f" {came:.0f} wrong sign-ins a second: {share:.1%} lost. They were answered {dict(statuses)}.")  # fmt: skip
    return int(share > MOST_LOST or came < 0.9 * A_SECOND)


if __name__ == "__main__":
    sys.exit(main())
