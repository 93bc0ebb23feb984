"""Whole purchases: each buyer holds a place, pays for it in the sandbox, and looks until it is confirmed."""

import asyncio
import time
from collections.abc import Iterator
from itertools import cycle

import uvloop

from bench.client import Client, percentile
from bench.stage import Stage
from bench.truth import Untrue

BUYERS = 384  # at once: as each pauses for LOOK, 256 asked for no more than 300 a second
LOOK = 0.5  # seconds between two looks at a booking that is paid for
PATIENCE = 60.0  # seconds
CARD = "pm_card_visa"


def bought(stage: Stage, seconds: int) -> tuple[float, float]:
    """Purchases that were seen confirmed, a second, and the seconds of one that 99 of 100 do not exceed."""
    event = stage.events(1).read_text().strip()
    tokens = cycle(stage.crowd(seconds).read_text().split())
    took = uvloop.run(_all(stage.address, event, tokens, seconds))
    confirmed = stage.row(
        "bookings",
        "SELECT count(*) FROM bookings_booking WHERE event_id = %s AND status = 'confirmed'",
        [event],
    )
    paid = stage.row("payments", "SELECT count(*) FROM payments_payment WHERE status = 'succeeded'"
                     " AND booking_id IN (SELECT unnest(%s::uuid[]))", [_bookings(stage, event)])  # fmt: skip
    if confirmed != paid or confirmed is None or confirmed[0] < len(took):
        raise Untrue(
            f"{len(took)} were told that their places are theirs: {paid} paid, {confirmed} confirmed"
        )
    return len(took) / seconds, percentile(took, 0.99)


async def _all(address: str, event: str, tokens: Iterator[str], seconds: int) -> list[float]:
    client, took, end = Client(address), [], time.monotonic() + seconds

    async def buyer(number: int) -> None:
        await asyncio.sleep(LOOK * number / BUYERS)  # people come one after the other
        while time.monotonic() < end:
            began = time.monotonic()
            await _one(client, event, next(tokens))
            if time.monotonic() <= end:
                took.append(time.monotonic() - began)

    async with asyncio.TaskGroup() as all_of_them:
        for number in range(BUYERS):
            all_of_them.create_task(buyer(number))
    client.close()
    return took


async def _one(client: Client, event: str, token: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while (
        held := await client.ask("POST", "/bookings", token, {"eventId": event, "quantity": 1})
    ).status == 503:
        await _wait(held.retry_after, deadline)  # more came together than the gateway lets in
    if held.status != 201:
        raise Untrue(f"held: {held.status} {held.body!r}")
    booking = held.json["bookingId"]
    paid = await client.ask("POST", "/payments", token, {"bookingId": booking, "paymentMethod": CARD})
    if paid.status != 201:
        raise Untrue(f"paid: {paid.status} {paid.body!r}")
    await asyncio.sleep(LOOK)
    while (await client.ask("GET", f"/bookings/{booking}", token)).json["status"] != "confirmed":
        await _wait(LOOK, deadline)


async def _wait(seconds: float, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError("a purchase is not complete in time")
    await asyncio.sleep(seconds)


def _bookings(stage: Stage, event: str) -> list[str]:
    found = stage.row(
        "bookings", "SELECT array_agg(booking_id::text) FROM bookings_booking WHERE event_id = %s", [event]
    )
    return found[0] if found and found[0] else []
