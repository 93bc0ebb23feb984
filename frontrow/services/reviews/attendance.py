"""The story of what was attended: heard from events and bookings, and asked for before a refusal.

So what a client was just told is never denied by the next call. While the other is away, what is known
decides; if that is nothing, nobody is refused but asked to come again (Unavailable).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from frontrow.chassis import absences
from frontrow.chassis.refusals import NotFound, Refusal, Unavailable
from frontrow.services.reviews import clients, erasing, rules
from frontrow.services.reviews.models import Booking, Event

log = structlog.get_logger(__name__)
CANCELLED, CONFIRMED = "cancelled", "confirmed"


class EventNotFound(NotFound):
    code, detail = "event_not_found", "There is no such event."


class EventCancelled(Refusal):
    code, status, detail = "event_cancelled", 409, "This event was cancelled: there is nothing to review."


class EventNotOver(Refusal):
    code, status, detail = "event_not_over", 409, "This event is not over yet. Review it once it has ended."


class NotAnAttendee(Refusal):
    code, status = "not_an_attendee", 403
    detail = "Only those who held a confirmed booking of this event may review it."


def learn_event(facts: dict[str, Any]) -> None:
    """Take over what events says, unless it is old news. Runs in the caller's transaction."""
    known = Event.objects.filter(event_id=facts["eventId"])
    before = known.values_list("organizer_id", flat=True).first()
    Event.objects.keep(
        UUID(facts["eventId"]), facts["version"], organizer_id=UUID(facts["organizerId"]),
        status=facts["status"], end_date=datetime.fromisoformat(facts["endDate"]),
    )  # fmt: skip
    if before not in (None, known.values_list("organizer_id", flat=True).get()):
        erasing.forget_organizer(UUID(facts["eventId"]))


def learn_bookings(told: Iterable[dict[str, Any]]) -> None:
    """The same for what bookings says; cancelled ones are kept, lest they be confirmed by older news.

    Of the erased nothing is kept.
    """
    told = list(told)
    gone = absences.erased({UUID(facts["userId"]) for facts in told})
    Booking.objects.keep_all([
        {"booking_id": UUID(facts["bookingId"]), "user_id": UUID(facts["userId"]),
         "event_id": UUID(facts["eventId"]), "confirmed": facts["status"] == CONFIRMED,
         "version": facts["version"]}
        for facts in told if UUID(facts["userId"]) not in gone
    ])  # fmt: skip


def event_of(event_id: UUID) -> Event:
    """An event that was published at some time. Raises EventNotFound, Unavailable."""
    return Event.objects.filter(event_id=event_id).first() or _asked(event_id)


def check(event_id: UUID, user_id: UUID, now: datetime) -> None:
    """Raise EventNotFound, EventCancelled, EventNotOver or NotAnAttendee unless the person attended.

    A cancelled event will never be over, so that is said first.
    """
    event = event_of(event_id)
    if not rules.is_over(event.end_date, now):
        event = _looked_at_again(event)
    if event.status == CANCELLED:
        raise EventCancelled
    if not rules.is_over(event.end_date, now):
        raise EventNotOver
    if not _attended(event_id, user_id):
        raise NotAnAttendee


def _attended(event_id: UUID, user_id: UUID) -> bool:
    known = Booking.objects.filter(event_id=event_id, user_id=user_id)
    if known.filter(confirmed=True).exists():
        return True
    try:
        return clients.attends(event_id, user_id)
    except Unavailable:
        if not known.exists():
            raise
        log.warning("goes_by_what_is_known", asked="bookings", exc_info=True)
        return False


def _asked(event_id: UUID) -> Event:
    facts = clients.event_facts(event_id)
    if facts is None:
        raise EventNotFound
    with transaction.atomic(durable=True):
        learn_event(facts)
    return Event.objects.get(event_id=event_id)


def _looked_at_again(event: Event) -> Event:
    """The event as events tells now: its end may have moved."""
    try:
        return _asked(event.event_id)
    except Unavailable:
        log.warning("goes_by_what_is_known", asked="events", exc_info=True)
        return event
