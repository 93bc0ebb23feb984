"""Decisions about bookings that need no lock. No Django, no clock, no I/O.

Whether there is stock is decided by the database: migrations/hold_v2.sql.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

HELD, CONFIRMED, CANCELLED, EXPIRED = "held", "confirmed", "cancelled", "expired"
LIVE = (HELD, CONFIRMED)
EXTENSION = timedelta(minutes=10)  # a hold lasts at least this long from when it is first being paid
GROUP = 64  # requests that are decided together at most: while one group is, the next is received
OPEN_HOLDS = 10  # unpaid bookings that a person may have at once

STOCK, FORGOTTEN, OVERSOLD = "stock", "forgotten_holds", "oversold"  # kinds of findings (reconciling.py)
FINDINGS = (STOCK, FORGOTTEN, OVERSOLD)
OPEN, HEALED, GONE = "open", "healed", "gone"  # what became of one; gone by itself, or by somebody's hand
FORGET = timedelta(minutes=5)  # a hold that is there so long after its deadline was forgotten


def may_cancel(status: str, cancel_until: datetime, now: datetime) -> bool:
    """Whether its owner may give a booking back: a hold always, a ticket until the organiser's limit."""
    return status == HELD or now < cancel_until


def is_due(status: str, deadline: datetime | None, now: datetime) -> bool:
    """Whether a booking waits to be paid."""
    return status == HELD and deadline is not None and now < deadline


def may_take_again(event_status: str, sales_end: datetime, paid_at: datetime) -> bool:
    """Whether a booking whose hold had lapsed may still become a ticket: if it was paid during the sale."""
    return event_status == "published" and paid_at < sales_end


def places_by_type(bookings: Iterable[list[Mapping[str, Any]]]) -> dict[str, int]:
    """How many places of each ticket type the items of these bookings take."""
    total: Counter[str] = Counter()
    for items in bookings:
        for item in items:
            total[item["ticketTypeId"]] += item["quantity"]
    return dict(total)


def fits(wanted: Mapping[str, int], left_of_types: Mapping[str, int], left_of_event: int) -> bool:
    """Whether so many places of each ticket type can be taken."""
    enough = all(places <= left_of_types.get(kind, 0) for kind, places in wanted.items())
    return enough and sum(wanted.values()) <= left_of_event


def event_capacity(cap: int | None, types: Iterable[int]) -> int:
    """How many places of an event may be taken: its cap, or else all of its ticket types'."""
    return sum(types) if cap is None else cap


def availability(left_of_event: int, left_of_types: Iterable[int]) -> int:
    """How many places one can still buy, whichever runs out first."""
    return max(0, min(left_of_event, sum(left_of_types)))


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold on a day: places, and what they cost in minor units."""

    date: date
    places: int
    amount: int


def by_day(sold: Iterable[tuple[datetime, int, int]], zone: tzinfo) -> list[Sold]:
    """Places and amounts sold at these times, by the days of a zone on which any were; ascending."""
    places: Counter[date] = Counter()
    amounts: Counter[date] = Counter()
    for moment, quantity, amount in sold:
        day = moment.astimezone(zone).date()
        places[day] += quantity
        amounts[day] += amount
    return [Sold(day, places[day], amounts[day]) for day in sorted(places)]
