"""The door of bookings for messages."""

from frontrow.chassis.listener import hears
from frontrow.chassis.message import Message
from frontrow.services.bookings import event


@hears("event.published.v1", "event.updated.v1", "event.cancelled.v1")
def event_changed(message: Message) -> None:
    event.learn(message.data)
