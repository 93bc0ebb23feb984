"""A booking as the API shows it, to whom it belongs and to who organises the event."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from frontrow.chassis.refusals import InvalidToken, NotSignedIn
from frontrow.chassis.schemas import Out
from frontrow.services.bookings.models import Booking
from frontrow.services.bookings.rules import HELD

SIGNED_IN = (NotSignedIn, InvalidToken)
State = Literal["held", "confirmed", "cancelled", "expired"]


class ItemOut(Out):
    ticket_type_id: UUID
    name: str
    quantity: int
    price: int


class BookingOut(Out):
    booking_id: UUID
    user_id: UUID
    event_id: UUID
    status: State
    booking_date: datetime
    items: list[ItemOut]
    quantity: int
    amount: int
    currency: str
    expires_at: datetime | None
    ended_at: datetime | None = None  # of one that is cancelled or expired
    end_reason: str | None = None  # of a cancelled one: person, event_cancelled, refunded or paid_too_late

    @classmethod
    def of(cls, found: Booking) -> "BookingOut":
        """What is shown now: only a hold has a deadline."""
        told = cls.model_validate(found)
        return told if found.status == HELD else told.model_copy(update={"expires_at": None})
