"""What of an event can be booked now, by whom who looks, and how many."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from iso4217 import Currency

from frontrow.web import clients, visitor

FEW, FEW_OF_HUNDRED, MOST_BOOKINGS = 10, 10, 50
DAY = timedelta(days=1)
LIVE = {"held", "confirmed"}


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket type. `most` is how many of it one may choose, `few` whether what is left is worth a word."""

    kind: dict[str, Any]
    left: int
    most: int

    @property
    def few(self) -> bool:
        return self.left <= FEW or self.left * 100 <= self.kind["capacity"] * FEW_OF_HUNDRED

    @property
    def told(self) -> str:
        """What is said of it, in short: when this changes, an open page must."""
        return str(self.left) if self.few else "x"


@dataclass(frozen=True, slots=True)
class Panel:
    """How an event is sold: `state` is draft, cancelled, over, soon, ended, sold_out or open."""

    event: dict[str, Any]
    state: str
    rows: list[Row]
    mine: list[dict[str, Any]]  # bookings of who looks that hold places, the newest first
    seen: str  # their newest booking of this event, whatever became of it
    in_doubt: bool  # whether they have any cannot be known now

    @property
    def version(self) -> str:
        """Changes with everything that an open page shows of it."""
        return ".".join([self.state, *(row.told for row in self.rows)])

    def follows(self, was: str) -> bool:
        """Whether a page of that version needs other numbers only: nothing can be chosen anew."""
        state, *rows = was.split(".")
        told = [row.told for row in self.rows]
        return (
            state == self.state
            and len(rows) == len(told)
            and not any(before == "0" != now for before, now in zip(rows, told, strict=True))
        )

    @property
    def currency(self) -> str:
        return str(self.event["ticketTypes"][0]["currency"])

    @property
    def prices(self) -> list[int]:
        """Of what is left, from the cheapest to the dearest, in minor units."""
        return sorted(row.kind["price"] for row in self.rows if row.left or self.state != "open")

    @property
    def is_near(self) -> bool:
        """Whether to count down to the start of the sale."""
        begin = self.event["salesStart"]
        return begin is not None and begin - timezone.now() < DAY

    @property
    def begins_in(self) -> int:
        """Seconds until the sale starts."""
        left = self.event["salesStart"] - timezone.now()
        return max(0, ceil(left.total_seconds()))

    @property
    def dearest(self) -> int:
        return int(max((row.kind["price"] for row in self.rows), default=0))

    @property
    def digits(self) -> int:
        """How many the currency has after the point."""
        return Currency(self.currency).exponent or 0

    @property
    def room(self) -> int:
        """How many more places who looks may have."""
        return int(max(0, self.event["maxPerPerson"] - sum(booking["quantity"] for booking in self.mine)))

    @property
    def single(self) -> bool:
        return len(self.rows) == 1


def of_event(request: HttpRequest, event: dict[str, Any]) -> Panel:
    """The panel of an event, for who looks. Raises SessionOver, Unavailable, Refused."""
    bookings = _bookings(request, event)
    mine = [booking for booking in bookings or () if booking["status"] in LIVE]
    seen = bookings[0]["bookingId"] if bookings else ""
    panel = Panel(event, state(event, timezone.now()), [], mine, seen, bookings is None)
    panel.rows.extend(_row(kind, event, panel.room) for kind in event["ticketTypes"])
    return panel


def state(event: dict[str, Any], now: datetime) -> str:
    """Whether and why not an event can be booked."""
    if event["status"] != "published":
        return str(event["status"])
    if event["endDate"] <= now:
        return "over"
    if event["salesStart"] and now < event["salesStart"]:
        return "soon"
    if event["salesEnd"] <= now:
        return "ended"
    return "open" if any(_left(kind, event) for kind in event["ticketTypes"]) else "sold_out"


def _left(kind: dict[str, Any], event: dict[str, Any]) -> int:
    """An event may have fewer places than its ticket types together."""
    return int(min(kind["availability"], event["availability"]))


def _row(kind: dict[str, Any], event: dict[str, Any], room: int) -> Row:
    left = _left(kind, event)
    return Row(kind, left, min(left, room))


def _bookings(request: HttpRequest, event: dict[str, Any]) -> list[dict[str, Any]] | None:
    """What who looks booked of it, the newest first; None if bookings is away."""
    if not visitor.of(request).signed_in:
        return []
    if visitor.of(request).is_stale:
        return None
    told = clients.maybe(request, "bookings", "/bookings", eventId=event["eventId"], limit=MOST_BOOKINGS)
    return told["items"] if told else None
