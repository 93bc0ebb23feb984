"""`make sign-in-flood`: whether people still book while hundreds of sign-ins a second come with wrong passwords.

Periods of bookings without and with the flood take turns, so that whatever else the machine does falls on both. Exit 1
if bookings lose more than a tenth. Limits of sign-ins are lifted: they would refuse all of it for next to nothing.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import load, truth
from bench.__main__ import LIFTED, NO_MAIL
from bench.stage import Services
from frontrow.fleet import packages
from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import Wishes
from tests.embedded.system import free_port, wait

A_SECOND = 200  # wrong sign-ins
ADDRESSES, ACCOUNTS = 250, 100_000  # that they come from, and try
STEP = 7919  # from one account to the next, a prime: none is tried twice in a run
CONNECTIONS = 128
MOST_LOST = 0.1
PATIENT = {"SIGN_IN_FAILURES_PER_ADDRESS": "1000000", "SIGN_IN_FAILURES_PER_ACCOUNT": "1000000"}


def flood(address: str, seconds: float) -> Counter[int]:
    """So many wrong sign-ins, each at its moment whatever became of those before; their statuses."""
    return asyncio.run(_flood(address, seconds))


async def _flood(address: str, seconds: float) -> Counter[int]:
    host, port = address.removeprefix("http://").split(":")
    loop, statuses, waiting = asyncio.get_running_loop(), Counter[int](), set[asyncio.Task[None]]()
    began = loop.time()
    for number in range(int(A_SECOND * seconds)):
        await asyncio.sleep(max(0.0, began + number / A_SECOND - loop.time()))
        task = asyncio.create_task(_one(host, int(port), number, statuses))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
    await asyncio.gather(*waiting)
    return statuses


async def _one(host: str, port: int, number: int, statuses: Counter[int]) -> None:
    """A sign-in from one of many addresses of loopback, by a connection of its own."""
    source = (f"127.0.1.{1 + number % ADDRESSES}", 0)
    body = f'{{"username": "user{number * STEP % ACCOUNTS}", "password": "wrong {number}"}}'.encode()
    reader, writer = await asyncio.open_connection(host, port, local_addr=source)
    head = f"POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
    statuses[int((await reader.read())[9:12])] += 1
    writer.close()


@contextmanager
def flooded(address: str, seconds: float) -> Iterator[dict[str, Any]]:
    """Meanwhile the flood comes, from a process of its own."""
    told: dict[str, Any] = {}
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(int)  # it is there
        coming = pool.apply_async(flood, (address, seconds))
        yield told
        told["statuses"] = coming.get(seconds + 60)


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
                with flooded(stage.address, seconds) as told:
                    run = load.book(stage.address, people, events, CONNECTIONS, seconds)
                statuses += told["statuses"]
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
    with tempfile.TemporaryDirectory(prefix="frontrow-flood-") as folder:
        Path(folder).chmod(0o711)
        fleet = Fleet(Path(folder) / "data", Wishes(port=free_port(), environment=LIFTED | NO_MAIL | PATIENT))
        try:
            fleet.start()
            without, beside, statuses = measured(Services(fleet, Path(folder)), wanted.rounds, wanted.seconds)
        finally:
            fleet.stop()
    share = lost(without, beside)
    print(f"{statistics.median(without):,.0f} bookings a second without, {statistics.median(beside):,.0f} with"
          f" {A_SECOND} wrong sign-ins a second: {share:.1%} lost. They were answered {dict(statuses)}.")  # fmt: skip
    return int(share > MOST_LOST)


if __name__ == "__main__":
    sys.exit(main())
