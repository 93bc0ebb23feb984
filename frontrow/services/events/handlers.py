"""The door of events for messages."""

from uuid import UUID

from frontrow.chassis import clock
from frontrow.chassis.listener import hears
from frontrow.chassis.message import Message
from frontrow.services.events import erasing, event
from frontrow.services.events.clients import Stock


@hears("stock.changed.v1")
def stock_changed(message: Message) -> None:
    event.copy_stock(UUID(message.data["eventId"]), Stock.of(message.data))


@hears("rating.changed.v1")
def rating_changed(message: Message) -> None:
    told = message.data
    event.copy_rating(UUID(told["eventId"]), told["version"], told["average"], told["count"])


@hears("user.erased.v1")
def user_erased(message: Message) -> None:
    erasing.erase(UUID(message.data["userId"]), message.version, message.time, clock.now())
