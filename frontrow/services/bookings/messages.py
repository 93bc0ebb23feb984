"""What bookings says. Alike are written: booking.held, and .confirmed of a free one, by hold_v4.sql, and
stock.changed by tell_v1.sql.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from frontrow.chassis.message import rfc3339
from frontrow.chassis.outbox import say_all
from frontrow.services.bookings import rules
from frontrow.services.bookings.models import Booking, EventStock, TypeStock


def bookings_confirmed(bookings: Iterable[Booking], request_ids: Sequence[str] = ()) -> None:
    """`request_ids` tells the request of each, if not of all."""
    facts = [("booking.confirmed.v1", b.booking_id, b.version, booking_facts(b)) for b in bookings]
    say_all(facts, request_ids)


def bookings_cancelled(bookings: Iterable[Booking]) -> None:
    """Why each ended: 'person', 'event_cancelled', 'refunded' by the organiser, or 'paid_too_late'."""
    facts = [(booking, {**booking_facts(booking), "reason": booking.end_reason}) for booking in bookings]
    say_all([("booking.cancelled.v1", b.booking_id, b.version, data) for b, data in facts])


def bookings_expired(bookings: Iterable[Booking]) -> None:
    say_all([("booking.expired.v1", b.booking_id, b.version, booking_facts(b)) for b in bookings])


def booking_facts(booking: Booking) -> dict[str, Any]:
    """A booking as others know it."""
    return {
        "bookingId": str(booking.booking_id),
        "userId": str(booking.user_id),
        "eventId": str(booking.event_id),
        "status": booking.status,
        "bookingDate": rfc3339(booking.booking_date),
        "items": booking.items,
        "quantity": booking.quantity,
        "amount": booking.amount,
        "currency": booking.currency,
        "expiresAt": rfc3339(booking.expires_at),
        "version": booking.version,
    }


def stock_facts(stock: EventStock, types: list[TypeStock]) -> dict[str, Any]:
    """What is left of an event: what events is answered when it makes a capacity N, and stock.changed."""
    left = {kind.ticket_type_id: kind.capacity - kind.taken for kind in types}
    return {
        "eventId": str(stock.event_id),
        "version": stock.version,
        "capacity": stock.cap,
        "availability": rules.availability(stock.capacity - stock.taken, left.values()),
        "ticketTypes": [
            {"ticketTypeId": str(kind.ticket_type_id), "capacity": kind.capacity,
             "availability": left[kind.ticket_type_id]}
            for kind in types
        ],
    }  # fmt: skip
