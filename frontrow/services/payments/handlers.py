"""The door of payments for messages."""

from uuid import UUID

from frontrow.chassis import clock
from frontrow.chassis.listener import hears
from frontrow.chassis.message import Message
from frontrow.services.payments import refund, rules


@hears("booking.cancelled.v1")
def booking_cancelled(message: Message) -> None:
    cause = rules.CAUSES[message.data["reason"]]
    refund.give_back_of_booking(UUID(message.data["bookingId"]), cause, clock.now())
