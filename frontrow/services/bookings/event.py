"""The story of an event as bookings sees it: learnt, resized. ending.py closes it."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from frontrow.chassis.refusals import NotFound, Refusal
from frontrow.chassis.sharing import Shared
from frontrow.services.bookings import clients, messages, rules
from frontrow.services.bookings.ending import expire_of
from frontrow.services.bookings.models import Event, EventStock, TypeStock

ASKED = Shared()


class CapacityBelowSold(Refusal):
    code, status = "capacity_below_sold", 409
    detail = "More places are held or sold than this."


def learn(facts: dict[str, Any]) -> None:
    """Take over what events says, unless it is old news. Runs in the caller's transaction.

    Capacities count only the first time: later ones come by `resize`, which can say no.
    """
    event_id = UUID(facts["eventId"])
    known = Event.objects.filter(event_id=event_id, version__gte=facts["version"])
    if known.exists():  # looked at without the lock, for which a sale may be queueing
        return
    _make_stock(event_id, facts)
    EventStock.objects.lock(event_id)
    if not known.all().exists():
        Event(event_id=event_id, closed_at=None, **_columns(facts)).save()


def ask(event_id: UUID) -> bool:
    """Learn from events what an event is now; whether there is one to sell. Raises Unavailable.

    Asked before a refusal that rests on what we know, so that what a client was just told is never
    denied by the next call. Those who ask at once share one call.
    """
    return ASKED.call(event_id, partial(_ask, event_id))


def hear(facts: dict[str, Any]) -> None:
    """Learn what events says, now."""
    with transaction.atomic(durable=True):
        learn(facts)


def organized(event_id: UUID, organizer: UUID) -> Event:
    """An organiser's own event, asked for if we have not heard of it. Raises NotFound, Unavailable."""
    mine = Event.objects.filter(event_id=event_id)
    found = mine.first() or (ask(event_id) and mine.first())
    if not found or found.organizer_id != organizer:
        raise NotFound
    return found


def _ask(event_id: UUID) -> bool:
    facts = clients.event_facts(event_id)
    if facts is not None:
        hear(facts)
    return facts is not None


def resize(event_id: UUID, cap: int | None, sizes: dict[UUID, int], now: datetime) -> dict[str, Any]:
    """Make the capacities what is wanted, all or none, and tell what is left. Doing it twice is fine.

    Ticket types not named get none. Raises CapacityBelowSold, NotFound.
    """
    if not EventStock.objects.filter(event_id=event_id).exists() and not ask(event_id):
        raise NotFound
    while expire_of(event_id, now):  # dead holds are not sold
        pass
    with transaction.atomic(durable=True):
        stock = EventStock.objects.lock(event_id)
        if stock is None:
            raise NotFound
        types = {kind.ticket_type_id: kind for kind in TypeStock.objects.filter(event_id=event_id)}
        for type_id in types.keys() | sizes.keys():
            kind = types.setdefault(type_id, TypeStock(ticket_type_id=type_id, event_id=event_id))
            kind.capacity = sizes.get(type_id, 0)
        stock.cap, stock.capacity = cap, rules.event_capacity(cap, sizes.values())
        if stock.taken > stock.capacity or any(kind.taken > kind.capacity for kind in types.values()):
            raise CapacityBelowSold
        TypeStock.objects.bulk_create(
            types.values(),
            update_conflicts=True,
            unique_fields=["ticket_type_id"],
            update_fields=["capacity"],
        )
        stock.version, stock.untold = stock.version + 1, True
        stock.save()
        return messages.stock_facts(stock, [types[type_id] for type_id in sizes])


def _make_stock(event_id: UUID, facts: dict[str, Any]) -> None:
    sizes = {UUID(kind["ticketTypeId"]): kind["capacity"] for kind in facts["ticketTypes"]}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bookings_eventstock (event_id, cap, capacity, taken, version, untold)"
            " VALUES (%s, %s, %s, 0, 1, true) ON CONFLICT DO NOTHING",
            [event_id, facts["capacity"], rules.event_capacity(facts["capacity"], sizes.values())],
        )
        made = cursor.rowcount == 1
    if made:
        TypeStock.objects.bulk_create(
            TypeStock(ticket_type_id=type_id, event_id=event_id, capacity=size)
            for type_id, size in sizes.items()
        )


def _columns(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": facts["version"],
        "organizer_id": UUID(facts["organizerId"]),
        "status": facts["status"],
        "currency": facts["currency"],
        "ticket_types": facts["ticketTypes"],
        "hold_minutes": facts["holdMinutes"],
        "max_per_person": facts["maxPerPerson"],
        "sales_start": facts["salesStart"] and datetime.fromisoformat(facts["salesStart"]),
        "sales_end": datetime.fromisoformat(facts["salesEnd"]),
        "cancel_until": datetime.fromisoformat(facts["cancelUntil"]),
    }
