"""The story of somebody who leaves: what they hold goes back, and what they booked leads to nobody."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection

from frontrow.chassis import absences
from frontrow.services.bookings import ending, rules
from frontrow.services.bookings.models import Booking, Event, EventStock, Finding

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"  # of who books, as in hold_v4.sql
UNDECIDED = (*rules.LIVE, rules.EXPIRED)  # or could be by a payment on its way


def erase(user_id: UUID, version: int, at: datetime, now: datetime) -> None:
    """Forget a person who was erased at that time. Bookings stay for the books, each under an id of nobody.

    What was still on sale then they got past the question whether they hold anything: it goes back, and what
    was paid with it. Runs in the listener's transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [str(user_id)])
    absences.erase(user_id, version)
    theirs = Booking.objects.filter(user_id=user_id)
    on_sale = Event.objects.filter(sales_end__gt=at).values("event_id")
    undecided = theirs.filter(event_id__in=on_sale, status__in=UNDECIDED)
    held = list(undecided.order_by("event_id", "pk").values_list("event_id", "pk"))
    for event_id in dict.fromkeys(event_id for event_id, _ in held):
        EventStock.objects.lock(event_id)
    theirs.update(user_id=absences.Nobody(), idempotency_key=None, fingerprint="")
    for event_id, booking_id in held:
        ending.withdraw(event_id, booking_id, "person", now)
    Finding.objects.filter(organizer_id=user_id).update(organizer_id=None)


def held_by(user_id: UUID) -> list[UUID]:
    """The events of which a person has places."""
    live = Booking.objects.live().filter(user_id=user_id)
    return list(live.order_by("event_id").values_list("event_id", flat=True).distinct())


def booked(event_ids: Collection[UUID]) -> list[UUID]:
    """Those of these events of which somebody has places."""
    live = Booking.objects.live().filter(event_id__in=event_ids)
    return list(live.order_by("event_id").values_list("event_id", flat=True).distinct())
