"""The door of events for messages."""

from uuid import UUID

from frontrow.chassis import clock
from frontrow.chassis.listener import hears, hears_together
from frontrow.chassis.message import Message
from frontrow.services.events import erasing, event, stocks


@hears_together("stock.changed.v1")
def stock_changed(messages: list[Message]) -> None:
    stocks.copy(*(message.data for message in messages))


@hears("rating.changed.v1")
def rating_changed(message: Message) -> None:
    told = message.data
    event.copy_rating(UUID(told["eventId"]), told["version"], told["average"], told["count"])


@hears("user.erased.v1")
def user_erased(message: Message) -> None:
    erasing.erase(UUID(message.data["userId"]), message.version, message.time, clock.now())
