"""A booking as the API shows it, to whom it belongs and to who organises the event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from django.db import connection

from frontrow.chassis.arrays import array
from frontrow.chassis.refusals import InvalidToken, NotSignedIn
from frontrow.chassis.schemas import Out
from frontrow.services.bookings.models import Booking
from frontrow.services.bookings.rules import HELD

RFC3339 = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'  # as hold_v4.sql tells times
SHOWN = """
SELECT CASE WHEN b.booking_id IS NOT NULL THEN json_build_object(
    'bookingId', b.booking_id, 'userId', b.user_id, 'eventId', b.event_id, 'status', b.status,
    'bookingDate', to_char(b.booking_date AT TIME ZONE 'UTC', %(time)s),
    'items', b.items, 'quantity', b.quantity, 'amount', b.amount, 'currency', b.currency,
    'expiresAt', CASE b.status WHEN %(held)s THEN to_char(b.expires_at AT TIME ZONE 'UTC', %(time)s) END,
    'endedAt', to_char(b.ended_at AT TIME ZONE 'UTC', %(time)s), 'endReason', b.end_reason
)::text END
FROM unnest(%(people)s::uuid[], %(bookings)s::uuid[]) WITH ORDINALITY AS look (person, booking, place)
LEFT JOIN bookings_booking b ON b.booking_id = look.booking AND b.user_id = look.person
ORDER BY place
"""
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


class Look(NamedTuple):
    """A person's look at a booking."""

    user_id: UUID
    booking_id: UUID


def to_some(looks: Sequence[Look]) -> list[str | None]:
    """What BookingOut is of each person's own booking, as JSON; None where they have none such.

    Whoever waits for a ticket looks again and again: so it costs a fourth.
    """
    people, bookings = (array(each) for each in zip(*looks, strict=True))
    given = {"people": people, "bookings": bookings, "held": HELD, "time": RFC3339}
    with connection.cursor() as cursor:
        cursor.execute(SHOWN, given)
        return [told for (told,) in cursor.fetchall()]
