"""The door of notifications for messages."""

from uuid import UUID

from frontrow.chassis import clock
from frontrow.chassis.listener import hears, hears_together
from frontrow.chassis.message import Message
from frontrow.services.notifications import erasing, known, rules
from frontrow.services.notifications.notification import tell, tell_of_bookings
from frontrow.services.notifications.telling import Draft


@hears("user.registered.v1")
def registered(message: Message) -> None:
    known.learn_person(message.data)
    tell([_of_account(rules.USER_REGISTERED, message, "userId", {})], clock.now())


@hears("user.updated.v1")
def updated(message: Message) -> None:
    known.learn_person(message.data)


@hears("user.erased.v1")
def erased(message: Message) -> None:
    erasing.erase(UUID(message.data["userId"]), message.version)


@hears("user.link_asked.v1")
def link_asked(message: Message) -> None:
    tell([_of_account(message.data["purpose"], message, "linkId", {})], clock.now())


@hears("user.access_changed.v1")
def access_changed(message: Message) -> None:
    facts = {"change": message.data["change"], "to": message.data["email"]}
    tell([_of_account(rules.ACCESS_CHANGED, message, "changeId", facts)], clock.now())


@hears("event.published.v1", "event.updated.v1", "event.cancelled.v1")
def event(message: Message) -> None:
    known.learn_event(message.data, message.time)


@hears_together("booking.held.v1", "booking.confirmed.v1", "booking.expired.v1", "booking.cancelled.v1")
def bookings(messages: list[Message]) -> None:
    tell_of_bookings(messages, clock.now())


@hears("payment.failed.v1")
def payment_failed(message: Message) -> None:
    deadline = known.deadline_of(UUID(message.data["bookingId"]))
    tell([_draft(rules.PAYMENT_FAILED, message, "paymentId", deadline=deadline)], clock.now())


@hears_together("refund.succeeded.v1")
def refunds_succeeded(messages: list[Message]) -> None:
    tell([_draft(rules.REFUND_SUCCEEDED, message, "refundId") for message in messages], clock.now())


def _of_account(kind: str, message: Message, cause: str, facts: dict[str, str]) -> Draft:
    user_id, cause_id = (UUID(message.data[name]) for name in ("userId", cause))
    return Draft(user_id=user_id, kind=kind, cause=cause_id, facts=facts, date=message.time)


def _draft(kind: str, message: Message, cause: str, **more: str | None) -> Draft:
    data = message.data
    user_id, cause_id, event_id, booking_id = (
        UUID(data[name]) for name in ("userId", cause, "eventId", "bookingId")
    )
    return Draft(
        user_id=user_id, kind=kind, cause=cause_id, event_id=event_id, booking_id=booking_id,
        facts={**{name: data[name] for name in data if name not in rules.UNSAID}, **more}, date=message.time,
    )  # fmt: skip
