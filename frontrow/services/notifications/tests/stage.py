"""What the tests of notifications share: news as they come, and a clock that stands."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from frontrow.chassis import listener
from frontrow.chassis.ids import new_id
from frontrow.chassis.message import Message
from frontrow.services.notifications import rules
from frontrow.services.notifications.models import Announcement, Notification
from frontrow.services.notifications.notification import in_language, tell
from tests.contracts.promises import check_message, example

NOW = datetime(2030, 4, 1, 10, tzinfo=UTC)  # a month before the event of the examples
MAILED = NOW + rules.BEFORE_MAIL[rules.BOOKING_HELD]  # when places held now are told of by mail
BEN = UUID(example("booking.held.v1")["userId"])
EVENT = UUID(example("booking.held.v1")["eventId"])
BOOKING = UUID(example("booking.held.v1")["bookingId"])

# What a notification of each kind rests on; and the event as it was told, and after a move.
TOLD = {
    name: example("event.published.v1")[name] for name in ("title", "date", "endDate", "timezone", "location")
}
MOVED = {**TOLD, "date": "2030-05-02T17:30:00+00:00", "endDate": "2030-05-02T20:30:00+00:00"}
ABOUT_EVENTS = {"eventId": "1", "before": TOLD, "after": MOVED, "subject": "", "message": "Dear all"}
FACTS = {
    "user_registered": {},
    "booking_held": example("booking.held.v1"),
    "booking_confirmed": example("booking.confirmed.v1"),
    "booking_expired": example("booking.expired.v1"),
    "booking_cancelled": example("booking.cancelled.v1"),
    "payment_failed": {**example("payment.failed.v1"), "deadline": "2030-04-01T09:45:00+00:00"},
    "refund_succeeded": example("refund.succeeded.v1"),
    "event_cancelled": example("booking.cancelled.v1"),
    "event_changed": ABOUT_EVENTS,
    "event_reminder": ABOUT_EVENTS,
    "organizer_message": ABOUT_EVENTS,
    "new_password": {},
    "confirm_email": {},
    "access_changed": {"change": "email", "to": "ben@example.com"},
}


def news(kind: str, time: datetime = NOW, **changes: Any) -> Message:
    """A message: the example of its type, with changes."""
    data = {**example(f"{kind}.v1"), **{name: _plain(value) for name, value in changes.items()}}
    check_message(f"{kind}.v1", data)
    return Message(new_id(), f"{kind}.v1", new_id(), data["version"], time, "", data)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def hear(*messages: Message) -> None:
    """Let notifications alone hear these, each in a transaction of its own."""
    for message in messages:
        with transaction.atomic():
            listener.hear("notifications", message)


def heard(kind: str, time: datetime = NOW, **changes: Any) -> Message:
    """The same, made and heard."""
    message = news(kind, time, **changes)
    hear(message)
    return message


def ben_is_known() -> None:
    heard("user.updated", userId=BEN, version=2, email="ben@example.org", username="ben", profileInfo={})


def ben_is_told_of_the_change() -> None:
    """What working off the only announcement does, without asking bookings."""
    change = Announcement.objects.get()
    facts = {**change.facts, "eventId": str(EVENT)}
    draft = Notification(
        user_id=BEN, kind=change.kind, cause=change.pk, event_id=EVENT, facts=facts, date=NOW
    )
    tell([draft], NOW)


def kinds(user_id: UUID = BEN) -> list[str]:
    """The kinds of what a person can read, in the order in which it was told."""
    return list(Notification.objects.of(user_id).order_by("date", "pk").values_list("kind", flat=True))


def told(kind: str, user_id: UUID = BEN) -> Notification:
    """The only notification of a kind that a person has, as who asks in no language reads it."""
    found = Notification.objects.of(user_id).get(kind=kind)
    in_language([found], settings.LANGUAGE_CODE)
    return found
