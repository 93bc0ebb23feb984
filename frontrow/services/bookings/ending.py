"""The story of an ending: given back, expired, or its event cancelled. The places come back, once."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Min

from frontrow.chassis import metrics
from frontrow.services.bookings import messages, rules
from frontrow.services.bookings.models import Booking, Event, EventStock, TypeStock

log = structlog.get_logger(__name__)
AT_ONCE = 500  # bookings that end in one transaction, which holds the lock of the event's stock
EVENTS_AT_ONCE = 100


def end(event_id: UUID, some: Iterable[Booking], status: str, now: datetime) -> list[Booking]:
    """End those bookings of an event that are still live, and return their places; which ones did.

    Runs in the caller's transaction, and holds the lock of the event's stock until that ends.
    """
    EventStock.objects.lock(event_id)
    ended = Booking.objects.end(some, status, now)
    if ended:
        _give_back(event_id, ended)
    return ended


def expire(now: datetime) -> int:
    """End holds past their deadline, the longest overdue first; how many. Several may run at once."""
    overdue = Booking.objects.overdue(now).values("event_id").annotate(since=Min("expires_at"))
    return _each(
        list(overdue.order_by("since").values_list("event_id", flat=True)[:EVENTS_AT_ONCE]), expire_of, now
    )


def expire_of(event_id: UUID, now: datetime) -> int:
    """The same for one event, so that nobody is refused for the sake of a dead hold."""
    overdue = Booking.objects.overdue(now).filter(event_id=event_id)
    if not overdue.exists():
        return 0
    with transaction.atomic(durable=True):
        ended = end(event_id, overdue.order_by("expires_at")[:AT_ONCE], rules.EXPIRED, now)
        messages.bookings_expired(ended)
    return len(ended)


def close_cancelled(now: datetime) -> int:
    """Cancel bookings of cancelled events, some of each; how many. Several may run at once."""
    cancelled = Event.objects.filter(status="cancelled", closed_at=None).order_by("event_id")
    return _each(list(cancelled.values_list("event_id", flat=True)[:EVENTS_AT_ONCE]), _close_some, now)


def _close_some(event_id: UUID, now: datetime) -> int:
    with transaction.atomic(durable=True):
        some = Booking.objects.live().filter(event_id=event_id).order_by("booking_id")[:AT_ONCE]
        ended = end(event_id, some, rules.CANCELLED, now)
        messages.bookings_cancelled(ended, "event_cancelled")
        if len(ended) < AT_ONCE:
            Event.objects.filter(event_id=event_id, status="cancelled").update(closed_at=now)
    return len(ended)


def _each(events: Sequence[UUID], act: Callable[[UUID, datetime], int], now: datetime) -> int:
    """Do it for every event; one that fails is said and counted, and keeps no other waiting."""
    done = 0
    for event_id in events:
        try:
            done += act(event_id, now)
        except Exception:
            metrics.FAULTS.labels("ending").inc()
            log.exception("ending_failed", act=act.__name__, event_id=str(event_id))
    return done


def _give_back(event_id: UUID, ended: Sequence[Booking]) -> None:
    for type_id, places in rules.places_by_type(booking.items for booking in ended).items():
        TypeStock.objects.filter(ticket_type_id=type_id).update(taken=F("taken") - places)
    places = sum(booking.quantity for booking in ended)
    EventStock.objects.filter(event_id=event_id).update(
        taken=F("taken") - places, version=F("version") + 1, untold=True
    )
