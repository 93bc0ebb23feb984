"""The door of reviews for messages."""

from frontrow.chassis.listener import hears
from frontrow.chassis.message import Message
from frontrow.services.reviews import attendance


@hears("event.published.v1", "event.updated.v1", "event.cancelled.v1")
def event_changed(message: Message) -> None:
    attendance.learn_event(message.data)


@hears("booking.confirmed.v1", "booking.cancelled.v1")
def booking_changed(message: Message) -> None:
    attendance.learn_booking(message.data)
