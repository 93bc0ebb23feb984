"""The door of reviews for messages."""

from uuid import UUID

from frontrow.chassis.listener import hears, hears_together
from frontrow.chassis.message import Message
from frontrow.services.reviews import attendance, erasing


@hears("event.published.v1", "event.updated.v1", "event.cancelled.v1")
def event_changed(message: Message) -> None:
    attendance.learn_event(message.data)


@hears_together("booking.confirmed.v1", "booking.cancelled.v1")
def bookings_changed(messages: list[Message]) -> None:
    attendance.learn_bookings(message.data for message in messages)


@hears("user.erased.v1")
def user_erased(message: Message) -> None:
    erasing.erase(UUID(message.data["userId"]), message.version)
