"""The story of guests: who holds or held places of an event, as its organiser sees them."""

from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db.models import Max

from frontrow.chassis.cursors import PageQuery, page
from frontrow.chassis.refusals import Unavailable
from frontrow.services.bookings import clients
from frontrow.services.bookings.clients import PEOPLE_AT_ONCE, Contact
from frontrow.services.bookings.models import Booking

log = structlog.get_logger(__name__)
MOST_SEARCHED = 20_000  # holders of one event


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of an event's bookings are looked for."""

    event_id: UUID
    status: str | None = None
    words: str | None = None
    booking_id: UUID | None = None


def find(wanted: Wanted, query: PageQuery) -> tuple[list[Booking], dict[UUID, Contact], str | None]:
    """A page of an event's bookings, the newest first, who their holders are, and the next cursor.

    Words narrow it to holders who have them in name or address. Raises Unavailable if these cannot be asked
    for; without words, holders are then left out.
    """
    rows = Booking.objects.filter(event_id=wanted.event_id)
    if wanted.booking_id:
        rows = rows.filter(booking_id=wanted.booking_id)
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    if wanted.words:
        rows = rows.filter(user_id__in=_having(wanted.words, wanted.event_id))
    found, cursor = page(rows, ["-booking_id"], query)
    return found, _contacts({booking.user_id for booking in found}), cursor


def _having(words: str, event_id: UUID) -> list[UUID]:
    """Holders who have the words, among the MOST_SEARCHED who booked last."""
    bookings = Booking.objects.filter(event_id=event_id).values("user_id").annotate(last=Max("booking_date"))
    holders = list(bookings.order_by("-last").values_list("user_id", flat=True)[:MOST_SEARCHED])
    chunks = [holders[n : n + PEOPLE_AT_ONCE] for n in range(0, len(holders), PEOPLE_AT_ONCE)]
    return [user_id for chunk in chunks for user_id in clients.people(chunk, words)]


def _contacts(holders: set[UUID]) -> dict[UUID, Contact]:
    try:
        return clients.people(holders) if holders else {}
    except Unavailable:
        log.warning("guests_without_names", exc_info=True)
        return {}
