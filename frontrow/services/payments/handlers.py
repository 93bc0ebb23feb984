"""The door of payments for messages."""

from uuid import UUID

from frontrow.chassis import absences, clock
from frontrow.chassis.listener import hears
from frontrow.chassis.message import Message
from frontrow.services.payments import erasing, refund, rules


@hears("booking.cancelled.v1")
def booking_cancelled(message: Message) -> None:
    cause = rules.CAUSES[message.data["reason"]]
    refund.give_back_of_booking(UUID(message.data["bookingId"]), cause, clock.now())


@hears("user.disabled.v1", "user.enabled.v1")
def user_out_or_back(message: Message) -> None:
    absences.learn(UUID(message.data["userId"]), message.version, is_out="disabled" in message.type)


@hears("user.erased.v1")
def user_erased(message: Message) -> None:
    erasing.erase(UUID(message.data["userId"]), message.version)
