"""Requests at moments of their own, as people come: how long they wait does not keep the next one from coming."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

import uvloop

from bench.client import Client, percentile
from bench.stage import Stage
from bench.truth import Untrue

RATES = (250, 500, 1000)  # bookings a second
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}


@dataclass(frozen=True)
class Arrivals:
    """What came of a fixed rate: the milliseconds from when each was due to its answer."""

    rate: int
    milliseconds: list[float]

    def figures(self) -> dict[str, float]:
        return {name: percentile(self.milliseconds, share) for name, share in SHARES.items()}


def arrived(stage: Stage, rate: int, seconds: int) -> Arrivals:
    """Let so many a second book places of one event."""
    event = stage.events(1).read_text().strip()
    tokens = iter(stage.people(rate * seconds).read_text().split())
    return Arrivals(rate, uvloop.run(_all(stage.address, event, tokens, rate, seconds)))


async def _all(address: str, event: str, tokens: Iterator[str], rate: int, seconds: int) -> list[float]:
    client, took = Client(address), []
    begin = time.perf_counter() + 0.1

    async def one(due: float, token: str) -> None:
        answer = await client.ask("POST", "/bookings", token, {"eventId": event, "quantity": 1})
        if answer.status != 201:
            raise Untrue(f"at {rate} a second, somebody got {answer.status}")
        took.append((time.perf_counter() - due) * 1000)

    async with asyncio.TaskGroup() as all_of_them:
        for number, token in enumerate(tokens):
            due = begin + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            all_of_them.create_task(one(due, token))
    client.close()
    return took
