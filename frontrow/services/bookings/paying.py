"""The story of a booking's money: what is due, paid in time or too late, given back by the organiser."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from frontrow.chassis.failpoints import point
from frontrow.chassis.message import Message
from frontrow.chassis.refusals import NotFound, Refusal
from frontrow.services.bookings import ending, messages, metrics, rules
from frontrow.services.bookings.models import Booking, Event, EventStock, TypeStock


class NothingDue(Refusal):
    code, status, detail = "nothing_due", 409, "Nothing is to be paid for this booking."


WHY_NOTHING = {
    rules.HELD: "The hold has lapsed. Book again, if there are places left.",
    rules.EXPIRED: "The hold has lapsed. Book again, if there are places left.",
    rules.CONFIRMED: "This booking is a ticket already; nothing is left to pay.",
    rules.CANCELLED: "This booking is cancelled. Book again, if there are places left.",
}


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that succeeded, when, and in which request."""

    payment_id: UUID
    booking_id: UUID
    event_id: UUID
    user_id: UUID
    date: datetime
    request_id: str = ""

    @classmethod
    def of(cls, message: Message) -> "Paid":
        """From the message of payments."""
        facts = message.data
        payment, booking, event, user = (
            UUID(facts[name]) for name in ("paymentId", "bookingId", "eventId", "userId")
        )
        date = datetime.fromisoformat(facts["paymentDate"])
        return cls(payment, booking, event, user, date, message.request_id)


def due(booking_id: UUID, user_id: UUID, now: datetime) -> dict[str, Any]:
    """What a person owes for a hold of theirs, which is extended, once, so that there is time to pay.

    Raises NotFound, NothingDue.
    """
    with transaction.atomic(durable=True):
        mine = Booking.objects.filter(booking_id=booking_id, user_id=user_id)
        mine.extend(now + rules.EXTENSION, now)
        booking = mine.first()
        if booking is None:
            raise NotFound
        event = Event.objects.get(event_id=booking.event_id)
        if event.status == "cancelled":
            raise NothingDue("This event is cancelled.")
        if not rules.is_due(booking.status, booking.expires_at, now):
            raise NothingDue(WHY_NOTHING[booking.status])
    return _owed(booking, event.organizer_id)


def dues(owners: dict[UUID, UUID], now: datetime) -> list[dict[str, Any]]:
    """As `due`, of many holds by their owner; who owes nothing, or is not the owner, is left out."""
    with transaction.atomic(durable=True):
        mine = [b for b in Booking.objects.lock_due(owners, now) if owners[b.pk] == b.user_id]
        Booking.objects.filter(pk__in=[b.pk for b in mine]).extend(now + rules.EXTENSION, now)
        events = {b.event_id for b in mine}
        organizers = dict(Event.objects.filter(pk__in=events).values_list("pk", "organizer_id"))
    return [_owed(b, organizers[b.event_id]) for b in mine]


def _owed(booking: Booking, organizer_id: UUID) -> dict[str, Any]:
    return {
        "bookingId": str(booking.booking_id),
        "userId": str(booking.user_id),
        "eventId": str(booking.event_id),
        "organizerId": str(organizer_id),
        "amount": booking.amount,
        "currency": booking.currency,
    }


class OneByOne(Exception):
    """Not all of these bookings can simply be confirmed."""


def paid_together(payments: list[Paid], now: datetime) -> None:
    """Make tickets of holds that were paid in time; raises OneByOne if it is not so simple for one of them.

    Runs in the listener's transaction. It waits for no lock, and so locks nobody else out.
    """
    by_booking = {payment.booking_id: payment for payment in payments}
    bookings = Booking.objects.lock_due(by_booking, now, skip_locked=True)
    if len(bookings) < len(payments):
        raise OneByOne
    Booking.objects.confirm_locked({payment.booking_id: payment.payment_id for payment in payments})
    for booking in bookings:
        payment = by_booking[booking.booking_id]
        booking.status, booking.version = rules.CONFIRMED, booking.version + 1
        metrics.became_tickets(booking.booking_date, payment.date, now)
    point("bookings.confirming")
    messages.bookings_confirmed(bookings, [by_booking[b.booking_id].request_id for b in bookings])


def paid(payment: Paid, now: datetime) -> None:
    """Make a ticket of what was paid; late, if its places can be taken again.

    Otherwise booking.cancelled is said, for which payments gives the money back: whatever was paid is
    answered by one of the two. Runs in the listener's transaction.
    """
    if not Booking.objects.filter(booking_id=payment.booking_id).confirm(payment.payment_id, now):
        return _paid_late(payment, now)
    booking = Booking.objects.get(booking_id=payment.booking_id)
    metrics.became_tickets(booking.booking_date, payment.date, now)
    point("bookings.confirming")
    return messages.bookings_confirmed([booking])


def _paid_late(payment: Paid, now: datetime) -> None:
    EventStock.objects.lock(payment.event_id)
    booking = Booking.objects.select_for_update().get(booking_id=payment.booking_id)
    if booking.paid_by == payment.payment_id and booking.status in (rules.CONFIRMED, rules.CANCELLED):
        return
    if booking.status == rules.CONFIRMED:
        raise RuntimeError(f"payment {payment.payment_id} is for a booking that has another")
    booking.paid_by, booking.version = payment.payment_id, booking.version + 1
    if booking.status != rules.CANCELLED:
        _decide(booking, payment.date, now)
    booking.save()
    if booking.status == rules.CONFIRMED:
        metrics.became_tickets(booking.booking_date, payment.date, now)
        messages.bookings_confirmed([booking])
    else:
        messages.bookings_cancelled([booking])


def _decide(booking: Booking, paid_at: datetime, now: datetime) -> None:
    """Ticket or not, of a hold that lapsed or whose event is cancelled. The event's stock is locked by us."""
    event = Event.objects.get(event_id=booking.event_id)
    in_time = rules.may_take_again(event.status, event.sales_end, paid_at)
    if in_time and _within_limit(booking, event) and _has_places(booking, now):
        booking.status, booking.ended_at = rules.CONFIRMED, None
        return
    if booking.status == rules.HELD:
        ending.give_back(booking.event_id, [booking])
    cancelled = event.status == "cancelled"
    booking.status, booking.ended_at = rules.CANCELLED, now
    metrics.became(rules.CANCELLED)
    booking.end_reason = "event_cancelled" if cancelled else "paid_too_late"


def _within_limit(booking: Booking, event: Event) -> bool:
    theirs = Booking.objects.live().filter(user_id=booking.user_id, event_id=booking.event_id)
    has = theirs.exclude(pk=booking.pk).aggregate(places=Sum("quantity", default=0))["places"]
    return bool(has + booking.quantity <= event.max_per_person)


def _has_places(booking: Booking, now: datetime) -> bool:
    """Whether its places are still its own, or could be taken anew."""
    if booking.status == rules.HELD:
        return True
    while len(ending.expire_some(booking.event_id, now)) == ending.AT_ONCE:  # dead holds are not sold
        pass
    wanted = rules.places_by_type([booking.items])
    stock = EventStock.objects.get(event_id=booking.event_id)
    left = {str(kind.pk): kind.capacity - kind.taken for kind in TypeStock.objects.filter(pk__in=wanted)}
    if not rules.fits(wanted, left, stock.capacity - stock.taken):
        return False
    for type_id, places in wanted.items():
        TypeStock.objects.filter(pk=type_id).update(taken=F("taken") + places)
    EventStock.objects.filter(event_id=booking.event_id).update(
        taken=F("taken") + booking.quantity, version=F("version") + 1, untold=True
    )
    return True


def is_given_back(facts: dict[str, Any]) -> bool:
    """Whether by this refund the organiser has given back all that was paid."""
    return facts["cause"] == "organizer" and facts["refundedAmount"] >= facts["paymentAmount"]


def given_back(booking_id: UUID, event_id: UUID, now: datetime) -> None:
    """Cancel a booking that the organiser refunded in full, also before we hear that it was paid.

    Runs in the listener's transaction.
    """
    ending.withdraw(event_id, booking_id, "refunded", now)
