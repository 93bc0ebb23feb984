"""The door of notifications for messages."""

from uuid import UUID

from django.utils import timezone

from frontrow.chassis.listener import hears
from frontrow.chassis.message import Message
from frontrow.services.notifications import known, rules
from frontrow.services.notifications.models import Notification
from frontrow.services.notifications.notification import tell


@hears("user.registered.v1")
def registered(message: Message) -> None:
    known.learn_person(message.data)
    user_id = UUID(message.data["userId"])
    draft = Notification(
        user_id=user_id, kind=rules.USER_REGISTERED, cause=user_id, facts={}, date=message.time
    )
    tell([draft], timezone.now())


@hears("user.updated.v1")
def updated(message: Message) -> None:
    known.learn_person(message.data)


@hears("event.published.v1", "event.updated.v1", "event.cancelled.v1")
def event(message: Message) -> None:
    known.learn_event(message.data, message.time)


@hears("booking.held.v1", "booking.confirmed.v1", "booking.expired.v1", "booking.cancelled.v1")
def booking(message: Message) -> None:
    known.learn_booking(message.data)
    if message.data.get("reason") == "event_cancelled":
        _tell(rules.EVENT_CANCELLED, message, "eventId")  # once, however many bookings
    else:
        _tell(f"booking_{message.data['status']}", message, "bookingId")


@hears("payment.failed.v1")
def payment_failed(message: Message) -> None:
    deadline = known.deadline_of(UUID(message.data["bookingId"]))
    _tell(rules.PAYMENT_FAILED, message, "paymentId", deadline=deadline)


@hears("refund.succeeded.v1")
def refund_succeeded(message: Message) -> None:
    _tell(rules.REFUND_SUCCEEDED, message, "refundId")


def _tell(kind: str, message: Message, cause: str, **more: str | None) -> None:
    data = message.data
    user_id, cause_id, event_id, booking_id = (
        UUID(data[name]) for name in ("userId", cause, "eventId", "bookingId")
    )
    draft = Notification(
        user_id=user_id, kind=kind, cause=cause_id, event_id=event_id, booking_id=booking_id,
        facts={**data, **more}, date=message.time,
    )  # fmt: skip
    tell([draft], timezone.now())
