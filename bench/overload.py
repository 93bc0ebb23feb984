"""Ten times as many clients as serve best: whoever is refused waits as long as they are told, and is not forgotten."""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import uvloop

from bench.client import Client
from bench.stage import Stage
from bench.truth import Untrue
from tests.embedded.system import wait


@dataclass
class Rush:
    """What clients were told, and how fast the refusals came."""

    booked: int = 0
    refusals: list[float] = field(default_factory=list)  # milliseconds
    late: int = 0  # booked after the time was over


def rushed(stage: Stage, clients: int, seconds: int) -> tuple[Rush, float]:
    """So many clients, each with its next wish as soon as the last is granted; bookings a second."""
    events = stage.events(1)
    tokens = cycle(stage.crowd(seconds).read_text().split())
    rush = uvloop.run(_all(stage.address, events.read_text().strip(), tokens, clients, seconds))
    made = stage.row(
        "bookings", "SELECT count(*) FROM bookings_booking WHERE event_id = %s", [events.read_text().strip()]
    )
    if made != (rush.booked + rush.late,):
        raise Untrue(f"{rush.booked + rush.late} were told that they have a booking, there are {made}")
    return rush, rush.booked / seconds


def refusals(log: Path, begin: int, count: int) -> list[float]:
    """The milliseconds of each refusal that the gateway has logged since; the clients' own time is not in them."""
    found: list[float] = []

    def all_are_logged() -> bool:
        with log.open() as file:
            file.seek(begin)
            lines = [json.loads(line) for line in file if line.startswith("{") and line.endswith("}\n")]
        found[:] = [line["seconds"] * 1000 for line in lines if line["status"] == 503]
        return len(found) >= count

    wait(30, all_are_logged, "the gateway has logged every refusal")
    return found


async def _all(address: str, event: str, tokens: Iterator[str], clients: int, seconds: int) -> Rush:
    client, rush, end = Client(address), Rush(), time.monotonic() + seconds

    async def one() -> None:
        while time.monotonic() < end:
            await _insist(client, event, next(tokens), rush, end)

    async with asyncio.TaskGroup() as all_of_them:
        for _ in range(clients):
            all_of_them.create_task(one())
    client.close()
    return rush


async def _insist(client: Client, event: str, token: str, rush: Rush, end: float) -> None:
    """Ask until it is granted, or the time is over."""
    while True:
        answer = await client.ask("POST", "/bookings", token, {"eventId": event, "quantity": 1})
        if answer.status == 201:
            is_late = time.monotonic() >= end  # looked at once, or at the very end one counts twice
            rush.late += is_late
            rush.booked += not is_late
            return
        if answer.status not in (429, 503) or not answer.retry_after:
            raise Untrue(f"a client in a rush got {answer.status}: {answer.body[:200]!r}")
        rush.refusals.append(answer.seconds * 1000)
        left, wait = end - time.monotonic(), answer.retry_after * random.uniform(1, 2)  # noqa: S311, nothing secret
        await asyncio.sleep(max(0.0, min(wait, left)))
        if wait >= left:
            return
