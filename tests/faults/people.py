"""People while everything fails: each insists until there is an answer, and writes down all that they were told."""

import asyncio
import base64
import itertools
import json
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.client import Answer, Client

PATIENCE = 120.0  # seconds of insisting
ANSWER_SECONDS = 20.0  # that one try may take
COME_AGAIN = {429, 500, 502, 503, 504}
CARDS = [*["pm_card_visa"] * 12, "pm_card_chargeDeclined", "pm_card_timeoutAfterCharge", "pm_card_refundTimeout",
         "pm_card_slow"]  # fmt: skip
Body = dict[str, Any]


@dataclass
class Diary:
    """What clients were told, in the order in which they heard it; times in seconds since 1970."""

    lines: list[Body] = field(default_factory=list)

    def add(self, began: float, asked: Body, status: int, answer: Any) -> None:
        self.lines.append({**asked, "began": began, "ended": time.time(), "status": status, "answer": answer})

    @property
    def answered(self) -> int:
        """Operations that a client saw the end of."""
        return sum(line["status"] != 0 for line in self.lines)


class Person:
    """Somebody with a token."""

    def __init__(self, client: Client, diary: Diary, token: str, chance: random.Random):
        self.client, self.diary, self.token, self.chance = client, diary, token, chance
        claims = token.split(".")[1]
        self.user_id = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
        self.keys = itertools.count()

    async def insists(self, method: str, path: str, body: Body | None = None) -> Body:
        """What was answered in the end. Raises TimeoutError after PATIENCE."""
        key, deadline = (
            f"{self.user_id}-{next(self.keys)}" if method == "POST" else "",
            time.time() + PATIENCE,
        )
        while time.time() < deadline:
            line = await self._asks(method, path, body, key)
            told = line["answer"]
            in_hand = isinstance(told, dict) and told.get("code") == "payment_in_progress"
            if line["status"] and line["status"] not in COME_AGAIN and not in_hand:
                return line
            await asyncio.sleep(self.chance.uniform(0.1, 0.6))
        raise TimeoutError(f"{method} {path} was not answered in {PATIENCE} seconds")

    async def _asks(self, method: str, path: str, body: Body | None, key: str) -> Body:
        began, status, told = time.time(), 0, None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self.client.ask(method, path, self.token, body, key)
            status, told = answer.status, _told(answer)
        except (OSError, TimeoutError) as fault:
            told = repr(fault)
        asked = {"person": self.user_id, "method": method, "path": path, "key": key, "body": body}
        self.diary.add(began, asked, status, told)
        return self.diary.lines[-1]


class Buyer(Person):
    """Ben: holds, pays, looks, sometimes gives back."""

    async def buys(self, event_id: str) -> None:
        """One purchase, to whatever end."""
        quantity = self.chance.choice([1, 1, 2])
        held = await self.insists("POST", "/bookings", {"eventId": event_id, "quantity": quantity})
        if held["status"] != 201:
            return
        booking = held["answer"]
        if booking["status"] == "held" and not await self._pays(booking["bookingId"]):
            return
        if self.chance.random() < 0.25:
            await self.insists("DELETE", f"/bookings/{booking['bookingId']}")
        else:
            await self.insists("GET", f"/bookings/{booking['bookingId']}")

    async def _pays(self, booking_id: str) -> bool:
        """Whether they have paid; some change their mind."""
        if self.chance.random() < 0.1:
            return False
        wish = {"bookingId": booking_id, "paymentMethod": self.chance.choice(CARDS)}
        paid = await self.insists("POST", "/payments", wish)
        while paid["status"] == 202 or (paid["status"] == 200 and paid["answer"]["status"] == "processing"):
            await asyncio.sleep(1)
            paid = await self.insists("GET", f"/payments/{paid['answer']['paymentId']}")
        if paid["status"] == 402:
            await self.insists("DELETE", f"/bookings/{booking_id}")
        return bool(paid["status"] in (200, 201))


class Organizer(Person):
    """Ada: lists, resizes, gives back, cancels."""

    async def lists(self, **terms: Any) -> str:
        """The id of a new event."""
        start = datetime.now(UTC) + timedelta(days=90)
        event = {"title": "A night that everybody wants", "description": "Under faults.", "date": start.isoformat(),
                 "endDate": (start + timedelta(hours=3)).isoformat(), "timezone": "Europe/Berlin", "location": "Berlin",
                 "currency": "EUR", "holdMinutes": 1, "maxPerPerson": 1000, **terms}  # fmt: skip
        listed = await self.insists("POST", "/events", event)
        return str(listed["answer"]["eventId"])

    async def resizes(self, event_id: str, capacity: int) -> None:
        await self.insists("PUT", f"/events/{event_id}", {"capacity": capacity})

    async def gives_back(self, event_id: str) -> None:
        """A part of one payment, and all of another."""
        page = await self.insists("GET", f"/payments?eventId={event_id}&status=succeeded&limit=2")
        for payment, amount in zip(page["answer"]["items"], ({"amount": 100}, {}), strict=False):
            await self.insists("POST", "/refunds", {"paymentId": payment["paymentId"], **amount})

    async def cancels(self, event_id: str) -> None:
        await self.insists("DELETE", f"/events/{event_id}")


def _told(answer: Answer) -> Any:
    return answer.json if answer.body[:1] in (b"{", b"[") else None
