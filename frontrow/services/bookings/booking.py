"""The story of a booking: held, given back, expired."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from frontrow.chassis import outbox
from frontrow.chassis.idempotency import KeyReused
from frontrow.chassis.ids import new_id
from frontrow.chassis.middleware import request_id
from frontrow.chassis.refusals import NotFound, Refusal, Unavailable
from frontrow.services.bookings import event, messages, rules
from frontrow.services.bookings.models import Booking, Event, EventStock
from frontrow.services.bookings.stock import give_back

EXPIRED_AT_ONCE = 500


class EventNotFound(NotFound):
    code, detail = "event_not_found", "There is no such event."


class NotOnSale(Refusal):
    code, status, detail = "not_on_sale", 409, "Tickets of this event are not on sale now."


class TicketTypeRequired(Refusal):
    code, status = "ticket_type_required", 422
    detail = "This event has several ticket types: send items with ticketTypeId and quantity."


class TicketTypeNotFound(NotFound):
    code, detail = "ticket_type_not_found", "This event has no such ticket type."


class LimitReached(Refusal):
    code, status = "limit_reached", 409
    detail = (
        "That would be more places than one person may book for this event, or too many unpaid bookings"
        " at once. Pay for or cancel another booking first."
    )


class SoldOut(Refusal):
    code, status, detail = "sold_out", 409, "There are not enough places left for this booking."


class TooLateToCancel(Refusal):
    code, status, detail = (
        "too_late_to_cancel",
        409,
        "The time in which this booking could be cancelled is over.",
    )


REFUSALS: tuple[type[Refusal], ...] = (
    EventNotFound, NotOnSale, TicketTypeRequired, TicketTypeNotFound, LimitReached, SoldOut, KeyReused,
)  # fmt: skip
BY_CODE = {refusal.code: refusal for refusal in REFUSALS}
RESTS_ON_EVENT = {
    EventNotFound.code,
    NotOnSale.code,
    TicketTypeNotFound.code,
    TicketTypeRequired.code,
    LimitReached.code,
}
SUCCESSES = {"booked", "replayed"}
OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to book: items as (ticket type, quantity), or a quantity of the only type."""

    user_id: UUID
    event_id: UUID
    quantity: int
    items: tuple[tuple[UUID, int], ...] | None = None
    key: str | None = None
    fingerprint: str = ""

    def for_database(self) -> dict[str, Any]:
        """The request as hold_v1.sql reads it, with fresh ids."""
        items = self.items and [{"ticketTypeId": str(kind), "quantity": n} for kind, n in self.items]
        return {
            "bookingId": str(new_id()), "messageId": str(new_id()), "requestId": request_id() or "",
            "userId": str(self.user_id), "eventId": str(self.event_id), "items": items,
            "quantity": self.quantity, "key": self.key, "fingerprint": self.fingerprint,
        }  # fmt: skip


def hold(request: Request, now: datetime) -> dict[str, Any]:
    """Book: the booking as first told, also when the same key comes again. Raises each of REFUSALS.

    A refusal is given only after what it rests on was looked at afresh.
    """
    outcome, told = decide([request], now)[0]
    if outcome in RESTS_ON_EVENT and _may_have_changed(request.event_id, outcome):
        outcome, told = decide([request], now)[0]
    while outcome == OVERDUE:  # ends: at a given time there are only so many overdue holds
        expire_of(request.event_id, now)
        outcome, told = decide([request], now)[0]
    if outcome not in SUCCESSES:
        raise BY_CODE[outcome]
    return told


def _may_have_changed(event_id: UUID, outcome: str) -> bool:
    """Ask events. While it is away we go by what we know; of an event we do not know, that is nothing."""
    try:
        return event.ask(event_id) or outcome == EventNotFound.code
    except Unavailable:
        if outcome == EventNotFound.code:
            raise
        return False


def decide(requests: Sequence[Request], now: datetime) -> list[tuple[str, Any]]:
    """Outcome and booking for each request, decided together in one transaction, in order."""
    arguments: list[str | datetime | int] = [
        json.dumps([request.for_database() for request in requests]),
        now,
        rules.OPEN_HOLDS,
    ]
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT outcome, told FROM bookings_hold_v1(%s, %s, %s) ORDER BY place", arguments)
        decided = [(outcome, told and json.loads(told)) for outcome, told in cursor.fetchall()]
    outbox.NEWS.set()
    return decided


def was_made(user_id: UUID, key: str) -> bool:
    """Whether a person's idempotency key has made a booking."""
    return Booking.objects.filter(user_id=user_id, idempotency_key=key).exists()


def find(booking_id: UUID, user_id: UUID) -> Booking:
    """A person's own booking. Raises NotFound."""
    booking = Booking.objects.filter(booking_id=booking_id, user_id=user_id).first()
    if booking is None:
        raise NotFound
    return booking


def cancel(booking_id: UUID, user_id: UUID, now: datetime) -> Booking:
    """Give a person's own booking back; one that ended stays as it is. Raises NotFound, TooLateToCancel."""
    event_id = find(booking_id, user_id).event_id
    with transaction.atomic(durable=True):
        EventStock.objects.lock(event_id)
        booking = find(booking_id, user_id)
        limit = Event.objects.get(event_id=event_id).cancel_until
        if booking.status in rules.LIVE and not rules.may_cancel(booking.status, limit, now):
            raise TooLateToCancel
        ended = Booking.objects.end([booking], rules.CANCELLED, now)
        give_back(event_id, ended)
        messages.bookings_cancelled(ended, "person")
    return ended[0] if ended else booking


def expire(now: datetime) -> int:
    """End holds past their deadline and give their places back; how many. Several may run at once."""
    events = Booking.objects.overdue(now).values_list("event_id", flat=True).distinct()[:100]
    return sum(expire_of(event_id, now) for event_id in list(events))


def expire_of(event_id: UUID, now: datetime) -> int:
    """The same for one event, so that nobody is refused for the sake of a dead hold."""
    overdue = Booking.objects.overdue(now).filter(event_id=event_id)
    if not overdue.exists():
        return 0
    with transaction.atomic(durable=True):
        EventStock.objects.lock(event_id)
        ended = Booking.objects.end(overdue.order_by("expires_at")[:EXPIRED_AT_ONCE], rules.EXPIRED, now)
        give_back(event_id, ended)
        messages.bookings_expired(ended)
    return len(ended)
