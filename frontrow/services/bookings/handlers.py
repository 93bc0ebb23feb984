"""The door of bookings for messages."""

from uuid import UUID

from frontrow.chassis import absences, clock
from frontrow.chassis.listener import hears, hears_together
from frontrow.chassis.message import Message
from frontrow.services.bookings import erasing, event, paying


@hears("event.published.v1", "event.updated.v1", "event.cancelled.v1")
def event_changed(message: Message) -> None:
    event.learn(message.data)


@hears_together("payment.succeeded.v1")
def payments_succeeded(messages: list[Message]) -> None:
    payments, now = [paying.Paid.of(message) for message in messages], clock.now()
    if len(payments) > 1:
        paying.paid_together(payments, now)
    else:
        paying.paid(payments[0], now)


@hears("refund.succeeded.v1")
def refund_succeeded(message: Message) -> None:
    if paying.is_given_back(message.data):
        paying.given_back(UUID(message.data["bookingId"]), UUID(message.data["eventId"]), clock.now())


@hears("user.disabled.v1", "user.enabled.v1")
def user_out_or_back(message: Message) -> None:
    absences.learn(UUID(message.data["userId"]), message.version, is_out="disabled" in message.type)


@hears("user.erased.v1")
def user_erased(message: Message) -> None:
    erasing.erase(UUID(message.data["userId"]), message.version, message.time, clock.now())
