"""The story of an ending: given back, expired, or its event cancelled. The places come back, once."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Min

from frontrow.chassis.failpoints import point
from frontrow.chassis.metrics import FAULTS
from frontrow.services.bookings import messages, metrics, rules
from frontrow.services.bookings.models import Booking, BookingQuerySet, Event, EventStock, TypeStock

log = structlog.get_logger(__name__)
AT_ONCE = 500  # bookings that end in one transaction, which holds the lock of the event's stock
EVENTS_AT_ONCE = 100


def cancel(event_id: UUID, some: BookingQuerySet, reason: str, now: datetime) -> list[Booking]:
    """Cancel those bookings of an event that are still live, AT_ONCE at most; which ones were.

    Runs in the caller's transaction, as `end` does. For reasons see messages.py.
    """
    ended = end(event_id, some.live(), rules.CANCELLED, reason, now)
    messages.bookings_cancelled(ended)
    return ended


def withdraw(event_id: UUID, booking_id: UUID, reason: str, now: datetime) -> Booking | None:
    """Cancel one booking, live or lapsed, so that no payment on its way makes it a ticket; None if it was.

    Runs in the caller's transaction, as `end` does.
    """
    one = Booking.objects.filter(pk=booking_id)
    ended = cancel(event_id, one, reason, now)
    if not ended:
        ended = one.filter(status=rules.EXPIRED).end(rules.CANCELLED, reason, now, 1)
        messages.bookings_cancelled(ended)
        metrics.became(rules.CANCELLED, len(ended))
    return ended[0] if ended else None


def end(
    event_id: UUID, some: BookingQuerySet, status: str, reason: str | None, now: datetime
) -> list[Booking]:
    """End live bookings of an event, AT_ONCE at most, and return their places; which ones.

    Runs in the caller's transaction, and holds the lock of the event's stock until that ends.
    """
    EventStock.objects.lock(event_id)
    ended = some.end(status, reason, now, AT_ONCE)
    if ended:
        point("bookings.ended")
        give_back(event_id, ended)
        metrics.became(status, len(ended))
    return ended


def expire(now: datetime) -> int:
    """End holds past their deadline, the longest overdue first; how many. Several may run at once."""
    overdue = Booking.objects.overdue(now).values("event_id").annotate(since=Min("expires_at"))
    return _each(
        list(overdue.order_by("since").values_list("event_id", flat=True)[:EVENTS_AT_ONCE]), expire_of, now
    )


def expire_of(event_id: UUID, now: datetime) -> int:
    """The same for one event, so that nobody is refused for the sake of a dead hold."""
    if not Booking.objects.overdue(now).filter(event_id=event_id).exists():
        return 0
    with transaction.atomic(durable=True):
        ended = len(expire_some(event_id, now))
    point("bookings.expired")
    return ended


def expire_some(event_id: UUID, now: datetime) -> list[Booking]:
    """The same, at most AT_ONCE of them, in the caller's transaction; which ones."""
    overdue = Booking.objects.overdue(now).filter(event_id=event_id)
    ended = end(event_id, overdue, rules.EXPIRED, None, now)
    messages.bookings_expired(ended)
    return ended


def close_cancelled(now: datetime) -> int:
    """Cancel bookings of cancelled events, some of each; how many. Several may run at once."""
    cancelled = Event.objects.filter(status="cancelled", closed_at=None).order_by("event_id")
    return _each(list(cancelled.values_list("event_id", flat=True)[:EVENTS_AT_ONCE]), _close_some, now)


def _close_some(event_id: UUID, now: datetime) -> int:
    with transaction.atomic(durable=True):
        ended = cancel(event_id, Booking.objects.filter(event_id=event_id), "event_cancelled", now)
        if len(ended) < AT_ONCE:
            Event.objects.filter(event_id=event_id, status="cancelled").update(closed_at=now)
        point("bookings.closing")
    return len(ended)


def _each(events: Sequence[UUID], act: Callable[[UUID, datetime], int], now: datetime) -> int:
    """Do it for every event; one that fails is said and counted, and keeps no other waiting."""
    done = 0
    for event_id in events:
        try:
            done += act(event_id, now)
        except Exception:
            FAULTS.labels("ending").inc()
            log.exception("ending_failed", act=act.__name__, event_id=str(event_id))
    return done


def give_back(event_id: UUID, ended: Sequence[Booking]) -> None:
    """Return the places of bookings that end. The event's stock is locked by the caller."""
    for type_id, places in rules.places_by_type(booking.items for booking in ended).items():
        TypeStock.objects.filter(ticket_type_id=type_id).update(taken=F("taken") - places)
    places = sum(booking.quantity for booking in ended)
    EventStock.objects.filter(event_id=event_id).update(
        taken=F("taken") - places, version=F("version") + 1, untold=True
    )
