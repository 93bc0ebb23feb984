"""Demo data: believable people, events and bookings, made by the services' own use cases.

Everything has a natural key, so doing it twice makes nothing twice, and a seed that was killed goes on.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from frontrow.chassis import handover, outbox, periodic
from frontrow.seed_events import EVENTS, Show
from frontrow.services.bookings import booking
from frontrow.services.events import event
from frontrow.services.events.models import Event
from frontrow.services.events.rules import Terms, Type
from frontrow.services.users import user
from frontrow.services.users.models import User

PASSWORD = "front row seat"  # noqa: S105, of people who do not exist
ORGANISERS = ("ada", "olga", "theo", "mina")
GUESTS = ("ben", "cy", "dora", "emil", "fay", "gus", "hana", "ivo")
LISTED_BEFORE = timedelta(days=60)  # events are listed this long before they begin


class NotOurs(Exception):
    """A name of the demo data belongs to somebody."""


def seed(now: datetime) -> Iterator[str]:
    """Fill the database; yields what was done, line by line, and at last how to sign in."""
    people = {name: _person(name, now) for name in (*ORGANISERS, *GUESTS)}
    shows = [(show, _event(show, people[show.organizer], now)) for show in EVENTS]
    _settle()
    booked = sum(_sell(show, listed, people, now) for show, listed in shows)
    _settle()
    yield f"{len(people)} people, {len(shows)} events, {booked} bookings made now"
    yield f"sign in as demo-{', demo-'.join(people)}; the password of each is: {PASSWORD}"


def _person(name: str, now: datetime) -> UUID:
    username, email = f"demo-{name}", f"{name}@demo.example"
    known = User.objects.by_login(username)
    if known is None:
        profile = {"displayName": name.capitalize()}
        known = user.register(username, email, PASSWORD, profile, "seed", now)
    if known.email != email:
        raise NotOurs(f"Somebody else is registered as {username}: seed another installation.")
    return known.user_id


def _event(show: Show, organizer: UUID, now: datetime) -> Event:
    known = Event.objects.filter(organizer_id=organizer, title=show.title).first()
    return known or event.create(organizer, _terms(show, now), _listed(show, now))


def _terms(show: Show, now: datetime) -> Terms:
    start = _start(show, now)
    types = tuple(Type(None, name, price, capacity) for name, price, capacity in show.types)
    return Terms(
        title=show.title, description=show.description, category=show.category, location=show.location,
        timezone=show.zone, date=start, end_date=start + timedelta(hours=show.hours), currency=show.currency,
        types=types,
    )  # fmt: skip


def _start(show: Show, now: datetime) -> datetime:
    """The show's hour on its day, in its own time zone."""
    day = (now + timedelta(days=show.in_days)).date()
    return datetime.combine(day, time(show.at), ZoneInfo(show.zone))


def _listed(show: Show, now: datetime) -> datetime:
    """When its organiser listed it: before now, and before it begins."""
    return min(now, _start(show, now) - LISTED_BEFORE)


def _sell(show: Show, listed: Event, people: dict[str, UUID], now: datetime) -> int:
    """Sell the share of a free event that its show says, evenly to all guests."""
    at, kind = min(now, listed.date - timedelta(days=1)), listed.types.all()[0]
    if not show.sold or kind.price:
        return 0
    each, more = divmod(round(kind.capacity * show.sold), len(GUESTS))
    shares = [each + (turn < more) for turn in range(len(GUESTS))]
    return sum(
        _book(listed, kind.ticket_type_id, share, people[guest], at)
        for guest, share in zip(GUESTS, shares, strict=True)
        if share
    )


def _book(listed: Event, kind: UUID, quantity: int, guest: UUID, at: datetime) -> bool:
    """Book unless an earlier seed did; whether it was booked now."""
    key = f"seed-{listed.event_id}"
    request = booking.Request(guest, listed.event_id, quantity, ((kind, quantity),), key, key)
    ((outcome, _),) = booking.decide([request], at)
    return outcome == booking.BOOKED


def _settle() -> None:
    """Let everybody hear what was said, as the background does."""
    while outbox.relay() or handover.deliver(timezone.now()):
        pass
    periodic.run_due(timezone.now())
