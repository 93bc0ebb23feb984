"""What the tests of bookings share: an event set up directly, and the invariants read from the tables."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from frontrow.chassis.ids import new_id
from frontrow.services.bookings import deciding, event, rules
from frontrow.services.bookings.models import Booking, EventStock, TypeStock

NOW = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)


def facts(*capacities: int, cap: int | None = None, price: int = 2500, **changes: Any) -> dict[str, Any]:
    """An event as events would tell it, with a ticket type for each capacity."""
    types = [
        {"ticketTypeId": str(new_id()), "name": f"Type {n}", "price": price, "capacity": capacity}
        for n, capacity in enumerate(capacities or (10,))
    ]
    return {
        "eventId": str(new_id()), "version": 1, "organizerId": str(new_id()), "status": "published",
        "title": "An evening with Clara", "currency": "EUR", "capacity": cap, "ticketTypes": types,
        "holdMinutes": 15, "maxPerPerson": 1000, "salesStart": None,
        "salesEnd": (NOW + timedelta(days=30)).isoformat(),
        "cancelUntil": (NOW + timedelta(days=20)).isoformat(), **changes,
    }  # fmt: skip


def stage(*capacities: int, **changes: Any) -> dict[str, Any]:
    """The same, learnt by bookings."""
    told = facts(*capacities, **changes)
    with transaction.atomic():
        event.learn(told)
    return told


def type_ids(told: dict[str, Any]) -> list[UUID]:
    return [UUID(kind["ticketTypeId"]) for kind in told["ticketTypes"]]


def wants(told: dict[str, Any], quantity: int = 1, **changes: Any) -> deciding.Request:
    """A request for places of an event, by somebody new unless told otherwise."""
    fields = {"user_id": new_id(), "event_id": UUID(told["eventId"]), "quantity": quantity, **changes}
    return deciding.Request(**fields)


def outcomes(*requests: deciding.Request, now: datetime = NOW) -> list[str]:
    """What each comes to; held and confirmed are told apart by nobody here."""
    return [
        "booked" if answer.outcome in rules.LIVE else answer.outcome
        for answer in deciding.decide(requests, now)
    ]


def left(told: dict[str, Any]) -> int:
    """Places left of the event as a whole."""
    stock = EventStock.objects.get(event_id=told["eventId"])
    return stock.capacity - stock.taken


def check_invariants() -> None:
    """I1 and I2, for every event and ticket type: what is taken is what live bookings have."""
    by_event: Counter[UUID] = Counter()
    by_type: Counter[str] = Counter()
    for live in Booking.objects.live():
        by_event[live.event_id] += live.quantity
        assert live.quantity == sum(item["quantity"] for item in live.items)
        for item in live.items:
            by_type[item["ticketTypeId"]] += item["quantity"]
    for stock in EventStock.objects.all():
        assert stock.taken == by_event[stock.event_id] <= stock.capacity
    for kind in TypeStock.objects.all():
        assert kind.taken == by_type[str(kind.ticket_type_id)] <= kind.capacity
