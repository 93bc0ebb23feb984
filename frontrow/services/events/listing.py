"""The story of browsing: search, filters, order, pages."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontrow.chassis.cursors import PageQuery, page
from frontrow.services.events import rules
from frontrow.services.events.models import PUBLISHED, Event, EventQuerySet

ORDERS = {
    "date": ("date", "event_id"),
    "-date": ("-date", "-event_id"),
    "price": ("price_from", "event_id"),
    "-price": ("-price_from", "-event_id"),
    "rating": ("-rating_average", "-rating_count", "-event_id"),
    "newest": ("-created_at", "-event_id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody looks for. Prices are minor units, compared with the cheapest ticket."""

    words: str | None = None
    category: str | None = None
    location: str | None = None
    starts_from: datetime | None = None
    starts_to: datetime | None = None
    min_price: int | None = None
    max_price: int | None = None
    organizer_id: UUID | None = None
    status: str | None = None
    sort: str = "date"


def search(
    wanted: Wanted, person: UUID | None, query: PageQuery, now: datetime
) -> tuple[list[Event], str | None]:
    """A page of events: published ones not yet over, or as asked; organisers see all of their own.

    The best rated are among those that are over: by rating, all are listed.
    """
    rows = _seen(wanted, person, now)
    if wanted.status is not None:
        rows = rows.filter(status=wanted.status)
    if wanted.words is not None:
        rows = rows.matching(wanted.words)
    if wanted.category is not None:
        rows = rows.filter(category__iexact=wanted.category)
    if wanted.location is not None:
        rows = rows.filter(place__contains=rules.folded(wanted.location))
    limits = {
        "date__gte": wanted.starts_from, "date__lte": wanted.starts_to,
        "price_from__gte": wanted.min_price, "price_from__lte": wanted.max_price,
    }  # fmt: skip
    rows = rows.filter(**{name: value for name, value in limits.items() if value is not None})
    return page(rows.prefetch_related("types"), ORDERS[wanted.sort], query)


def _seen(wanted: Wanted, person: UUID | None, now: datetime) -> EventQuerySet:
    if wanted.organizer_id is None:
        published = Event.objects.filter(status=PUBLISHED)
        everything = wanted.starts_from or wanted.sort == "rating"
        return published if everything else published.filter(end_date__gt=now)
    theirs = Event.objects.filter(organizer_id=wanted.organizer_id)
    return theirs if wanted.organizer_id == person else theirs.filter(status=PUBLISHED)
