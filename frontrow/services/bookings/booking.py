"""The story of a booking: held, found, given back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from frontrow.chassis import absences
from frontrow.chassis.absences import AccountDisabled
from frontrow.chassis.idempotency import KeyReused
from frontrow.chassis.refusals import NotFound, Refusal, Unavailable
from frontrow.services.bookings import ending, event, metrics, rules
from frontrow.services.bookings.deciding import OVERDUE, QUEUE, REPLAYED, Request
from frontrow.services.bookings.models import Booking, Event, EventStock


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
    AccountDisabled,
)  # fmt: skip
BY_CODE = {refusal.code: refusal for refusal in REFUSALS}
RESTS_ON_EVENT = {  # outcomes that are not the answer yet
    EventNotFound.code,
    NotOnSale.code,
    TicketTypeNotFound.code,
    TicketTypeRequired.code,
    LimitReached.code,
}


def hold(request: Request, now: datetime) -> dict[str, Any]:
    """Book: the booking as first told, also when the same key comes again. Raises each of REFUSALS.

    A refusal is given only after what it rests on was looked at afresh.
    """
    answer = QUEUE.decide(request, now)
    if answer.outcome in RESTS_ON_EVENT and may_have_changed(request.event_id, answer.outcome):
        answer = QUEUE.decide(request, now)
    while answer.outcome == OVERDUE:  # ends: at a given time there are only so many overdue holds
        ending.expire_of(request.event_id, now)
        answer = QUEUE.decide(request, now)
    if answer.told is None:
        raise BY_CODE[answer.outcome]
    if answer.outcome != REPLAYED:
        metrics.became(answer.outcome)
    return answer.booking


def may_have_changed(event_id: UUID, outcome: str) -> bool:
    """Whether an event may be other than a refusal took it to be: events is asked.

    While it is away we go by what we know; of an event we do not know, that is nothing: raises Unavailable.
    """
    if outcome == EventNotFound.code:
        event.ask(event_id)
        return True
    try:
        return event.ask(event_id)
    except Unavailable:
        return False


def find(booking_id: UUID, user_id: UUID) -> Booking:
    """A person's own booking. Raises NotFound."""
    booking = Booking.objects.filter(booking_id=booking_id, user_id=user_id).first()
    if booking is None:
        raise NotFound
    return booking


def cancel(booking_id: UUID, user_id: UUID, now: datetime) -> Booking:
    """Give a person's own booking back; one that is cancelled stays so.

    Raises NotFound, TooLateToCancel, AccountDisabled.
    """
    event_id = find(booking_id, user_id).event_id
    with transaction.atomic(durable=True):
        absences.check(user_id)
        EventStock.objects.lock(event_id)
        booking = find(booking_id, user_id)
        limit = Event.objects.get(event_id=event_id).cancel_until
        if booking.status in rules.LIVE and not rules.may_cancel(booking.status, limit, now):
            raise TooLateToCancel
        return ending.withdraw(event_id, booking_id, "person", now) or booking
