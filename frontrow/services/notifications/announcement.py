"""The story of an announcement: told to all who hold places of an event, a page of them at a time."""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from frontrow.chassis import absences, metrics
from frontrow.chassis.handover import wait_after
from frontrow.chassis.ids import new_id
from frontrow.chassis.limits import Limit
from frontrow.chassis.refusals import NotFound, Refusal
from frontrow.services.notifications import clients, known, rules
from frontrow.services.notifications.models import Announcement, Booking, Event
from frontrow.services.notifications.notification import tell
from frontrow.services.notifications.telling import Draft

log = structlog.get_logger(__name__)
LIMIT = Limit("announcements", 20, 3600)  # of an event by its organiser
AT_ONCE, PAGES = 20, 4  # announcements in one run, and pages of each


class EventNotFound(NotFound):
    code, detail = "event_not_found", "There is no such event."


class EventCancelled(Refusal):
    code, status = "event_cancelled", 409
    detail = "This event is cancelled: nobody holds places of it any more. All of them were told."


class UserNotFound(NotFound):
    code, detail = "user_not_found", "There is no such person."


class NotTheOrganizer(Refusal):
    code, status = "not_the_organizer", 403
    detail = "Only an event's organiser, or an administrator, may write to all who hold places."


class NotAnAdministrator(Refusal):
    code, status = "not_an_administrator", 403
    detail = "Only an administrator may write to a single person. Write to all who hold places of your event."


def to_holders(event_id: UUID, organizer: UUID | None, subject: str, message: str, now: datetime) -> UUID:
    """Have everybody who holds places told; its id. Anybody's event, without an organiser.

    Raises EventNotFound, NotTheOrganizer, EventCancelled, TooMany, AccountDisabled, Unavailable.
    """
    event = known.event_of(event_id, now)
    if event is None:
        raise EventNotFound
    if organizer not in (None, event.organizer_id):
        raise NotTheOrganizer
    if event.status == rules.CANCELLED:
        raise EventCancelled
    if organizer:
        LIMIT.check(str(event_id), now)
        LIMIT.count(str(event_id), now)
    announcement_id, sender = new_id(), "organizer" if organizer else "frontrow"
    with transaction.atomic(durable=True):
        if organizer:
            absences.check(organizer)
        Announcement.objects.create(
            announcement_id=announcement_id, kind=rules.ORGANIZER_MESSAGE, event_id=event_id,
            cause=str(announcement_id), facts={"subject": subject, "message": message, "from": sender},
            next_at=now, created_at=now,
        )  # fmt: skip
    return announcement_id


def to_person(user_id: UUID, subject: str, message: str, now: datetime) -> UUID:
    """Tell one person; its id. Raises UserNotFound, Unavailable."""
    if known.person_of(user_id) is None:
        raise UserNotFound
    announcement_id = new_id()
    with transaction.atomic(durable=True):
        facts = {"subject": subject, "message": message}
        draft = Draft(
            user_id=user_id, kind=rules.ORGANIZER_MESSAGE, cause=announcement_id, facts=facts, date=now
        )
        tell([draft], now)
    return announcement_id


def remind(now: datetime) -> int:
    """Announce events that begin within a day, once for each date; how many."""
    due = list(Event.objects.to_remind_of(now).order_by("date")[:AT_ONCE])
    for event in due:
        with transaction.atomic(durable=True):
            before = event.date - rules.REMIND_BEFORE
            Announcement.objects.bulk_create(
                [Announcement(
                    kind=rules.EVENT_REMINDER, event_id=event.event_id, cause=event.date.isoformat(),
                    facts={}, before=before, next_at=now, created_at=now,
                )],
                ignore_conflicts=True,
            )  # fmt: skip
            Event.objects.filter(pk=event.pk, date=event.date).update(reminded_for=event.date)
    return len(due)


def work_off(now: datetime) -> None:
    """Tell the next pages of people. What fails keeps no other waiting. Several may run at once."""
    for announcement in Announcement.objects.due(now)[:AT_ONCE]:
        try:
            pages = 0
            while announcement.done_at is None and pages < PAGES and _tell_page(announcement, now):
                pages += 1
        except Exception as fault:  # noqa: BLE001, counted and logged
            _postpone(announcement, fault, now)


def _tell_page(announcement: Announcement, now: datetime) -> bool:
    """Tell a page of holders, if no other runner does; how far we are commits with it."""
    if _is_past(announcement):
        return Announcement.objects.advance(announcement, None, now)
    items, following = clients.holders(announcement.event_id, announcement.cursor)
    with transaction.atomic(durable=True):
        if not Announcement.objects.advance(announcement, following, None if following else now):
            return False
        tell(_drafts(announcement, items), now)
    return True


def _drafts(announcement: Announcement, items: list[dict[str, Any]]) -> list[Draft]:
    """A notification for each person of a page who does not know already. They may have several bookings."""
    ids = {UUID(item["bookingId"]) for item in items if _concerns(announcement, item)}
    if announcement.before:
        late = Booking.objects.filter(pk__in=ids, booking_date__gte=announcement.before)
        ids -= set(late.values_list("pk", flat=True))
    people = dict.fromkeys(UUID(item["userId"]) for item in items if UUID(item["bookingId"]) in ids)
    return [
        Draft(
            user_id=user_id, kind=announcement.kind, cause=announcement.pk, event_id=announcement.event_id,
            facts={**announcement.facts, "eventId": str(announcement.event_id)}, date=announcement.created_at,
        )
        for user_id in people
    ]  # fmt: skip


def _is_past(announcement: Announcement) -> bool:
    """Whether it reminds of a date on which the event no longer begins."""
    if announcement.kind != rules.EVENT_REMINDER:
        return False
    event = Event.objects.get(event_id=announcement.event_id)
    return event.status != rules.PUBLISHED or event.date.isoformat() != announcement.cause


def _concerns(announcement: Announcement, item: dict[str, Any]) -> bool:
    return announcement.kind != rules.EVENT_REMINDER or item["status"] == rules.CONFIRMED


def _postpone(announcement: Announcement, fault: Exception, now: datetime) -> None:
    attempts = announcement.attempts + 1
    seen = Announcement.objects.filter(pk=announcement.pk, done_at=None)
    seen.update(attempts=attempts, next_at=now + wait_after(attempts))
    metrics.FAULTS.labels("announcement").inc()
    log.error("announcement_waits", announcement_id=str(announcement.pk), kind=announcement.kind,
              attempts=attempts, exc_info=fault)  # fmt: skip
