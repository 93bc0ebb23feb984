"""Demo data: believable people, events, bookings, payments and reviews, by the services' own use cases.

Everything has a natural key, so doing it twice makes nothing twice, and a seed that was killed goes on.
The clock is the seed's own: what is over was listed, sold, paid and reviewed in its time.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from frontrow.chassis import handover, outbox
from frontrow.seed_events import COMMENTS, EVENTS, Show
from frontrow.services.bookings import booking, deciding, ending, stock
from frontrow.services.bookings.models import Booking
from frontrow.services.bookings.rules import CANCELLED, CONFIRMED
from frontrow.services.events import event
from frontrow.services.events.models import Event
from frontrow.services.events.rules import Terms, Type
from frontrow.services.notifications import notification
from frontrow.services.notifications.rules import OPTIONAL
from frontrow.services.payments import payment, refund
from frontrow.services.payments.clients import Due
from frontrow.services.payments.models import Payment, Refund
from frontrow.services.reviews import review
from frontrow.services.reviews.models import Review
from frontrow.services.users import user
from frontrow.services.users.models import User

PASSWORD = "front row seat"  # noqa: S105, of people who do not exist
ORGANISERS = ("ada", "olga", "theo", "mina")
GUESTS = ("ben", "cy", "dora", "emil", "fay", "gus", "hana", "ivo")
READ_MAIL = ("ada", "ben", "cy")  # a few, or hundreds of mails would say the same
LISTED_BEFORE = timedelta(days=60)  # events are listed this long before they begin
PER_PERSON = 10
CARDS = ("pm_card_visa", "pm_card_mastercard", "pm_card_amex")
ANSWER = "Thank you for your honest words. We have talked about them, and the next time will be better."
PATIENCE_SECONDS = 20


class NotOurs(Exception):
    """A name of the demo data belongs to somebody."""


@dataclass(frozen=True)
class Listed:
    """A show, and what became of it."""

    show: Show
    event: Event
    place: int  # among all shows

    @property
    def sold_at(self) -> datetime:
        """When its tickets were bought: now, or the day before it began."""
        return min(timezone.now(), self.event.date - timedelta(days=1))


def seed(now: datetime) -> Iterator[str]:
    """Fill the database; yields what was done, line by line, and at last how to sign in."""
    before = _counted()
    people = {name: _person(name, now) for name in (*ORGANISERS, *GUESTS)}
    shows = [
        Listed(show, _event(show, people[show.organizer], now), place) for place, show in enumerate(EVENTS)
    ]
    _settle()
    for listed in shows:
        _sell(listed, people)
    for listed in shows:
        _end(listed, people, now)
    _settle()
    made = {kind: count - before[kind] for kind, count in _counted().items()}
    yield f"made now: {', '.join(f'{count} {kind}' for kind, count in made.items())}"
    yield f"sign in as demo-{', demo-'.join(people)}; the password of each is: {PASSWORD}"


def _counted() -> dict[str, int]:
    tables: dict[str, Any] = {
        "people": User, "events": Event, "bookings": Booking, "payments": Payment, "refunds": Refund,
        "reviews": Review,
    }  # fmt: skip
    return {kind: table.objects.count() for kind, table in tables.items()}


def _person(name: str, now: datetime) -> UUID:
    username, email = f"demo-{name}", f"{name}@demo.example"
    known = User.objects.by_login(username)
    if known is None:
        profile = {"displayName": name.capitalize()}
        known = user.register(username, email, PASSWORD, profile, "seed", now)
        User.objects.filter(pk=known.user_id).update(email_confirmed_at=now)
        if name not in READ_MAIL:
            notification.want_by_mail(known.user_id, dict.fromkeys(OPTIONAL, False))
    if known.email != email:
        raise NotOurs(f"Somebody else is registered as {username}: seed another installation.")
    return known.user_id


def _event(show: Show, organizer: UUID, now: datetime) -> Event:
    known = Event.objects.filter(organizer_id=organizer, title=show.title).first()
    return known or event.create(organizer, _terms(show, now), _listed_at(show, now))


def _terms(show: Show, now: datetime) -> Terms:
    start = _start(show, now)
    return Terms(
        title=show.title, description=show.description, category=show.category, location=show.location,
        timezone=show.zone, date=start, end_date=start + timedelta(hours=show.hours), currency=show.currency,
        types=tuple(Type(None, name, price, capacity) for name, price, capacity in show.types),
        capacity=show.cap, max_per_person=PER_PERSON,
        sales_start=None if show.sale_in_days is None else now + timedelta(days=show.sale_in_days),
    )  # fmt: skip


def _start(show: Show, now: datetime) -> datetime:
    """The show's hour on its day, in its own time zone."""
    day = (now + timedelta(days=show.in_days)).date()
    return datetime.combine(day, clock(show.at), ZoneInfo(show.zone))


def _listed_at(show: Show, now: datetime) -> datetime:
    """When its organiser listed it: before now, and before it begins."""
    return min(now, _start(show, now) - LISTED_BEFORE)


def _sell(listed: Listed, people: dict[str, UUID]) -> None:
    """Sell the share that its show says: to everybody if they will review it, else to as few as may be."""
    show = listed.show
    places = _places(listed.event, round(show.sold * show.places))
    turns = [*GUESTS[listed.place % len(GUESTS) :], *GUESTS[: listed.place % len(GUESTS)]]
    each = PER_PERSON if show.rating is None else -(-round(show.sold * show.places) // len(GUESTS))
    for guest in turns:
        bought = list(islice(places, each))
        if bought:
            _buy(listed, people[guest], bought)


def _places(told: Event, count: int) -> Iterator[UUID]:
    """The ticket types of so many places, the dearest first sold out."""
    kinds = sorted(told.types.all(), key=lambda kind: -kind.price)
    return islice((kind.ticket_type_id for kind in kinds for _ in range(kind.capacity)), count)


def _buy(listed: Listed, guest: UUID, bought: list[UUID]) -> None:
    """Book and pay, unless an earlier seed did; until it is a ticket, lest too many holds be open."""
    items = tuple((kind, bought.count(kind)) for kind in dict.fromkeys(bought))
    key = f"seed-{listed.event.event_id}"
    request = deciding.Request(guest, listed.event.event_id, len(bought), items, key, key)
    (answer,) = deciding.decide([request], listed.sold_at)
    if answer.told is None:
        return  # places are gone: somebody else bought them
    told = answer.booking
    if told["amount"]:
        due = Due.of({**told, "organizerId": str(listed.event.organizer_id)})
        card = CARDS[listed.place % len(CARDS)]
        payment.charge(due, payment.Wanted(guest, due.booking_id, card, key, key), listed.sold_at)
    _until_ticket(told["bookingId"])


def _until_ticket(booking_id: str) -> None:
    """Let bookings hear of the payment; a Frontrow that runs may be just about to tell it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    one = Booking.objects.filter(booking_id=booking_id, status__in=(CONFIRMED, CANCELLED))
    _quiet()
    while not one.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
        _quiet()


def _end(listed: Listed, people: dict[str, UUID], now: datetime) -> None:
    """What comes after the sale: cancelled, given back, or over and reviewed."""
    show, organizer = listed.show, people[listed.show.organizer]
    tickets = Booking.objects.filter(event_id=listed.event.event_id, idempotency_key__startswith="seed-")
    if show.cancelled:
        event.cancel(listed.event.event_id, organizer, now)
    elif show.rating is not None:
        _review(listed, list(tickets.filter(status=CONFIRMED).order_by("booking_id")), organizer)
    elif 0 < show.sold < 1 and listed.place % 4 == 0 and (last := tickets.order_by("booking_id").last()):
        booking.cancel(last.booking_id, last.user_id, now)


def _review(listed: Listed, tickets: list[Booking], organizer: UUID) -> None:
    """Have three of four guests review it; its organiser answers who did not like it."""
    over, rating = listed.event.end_date, listed.show.rating or 0.0
    for turn, ticket in enumerate(tickets[: -(-len(tickets) * 3 // 4)]):
        stars = _stars(rating, turn)
        comment = COMMENTS[stars][(listed.place + turn) % len(COMMENTS[stars])]
        at = min(timezone.now(), over + timedelta(hours=14 + 9 * turn))
        try:
            written = review.write(ticket.user_id, listed.event.event_id, stars, comment, at)
        except review.AlreadyReviewed:
            continue
        if stars <= 2:
            review.answer(written.review_id, organizer, ANSWER, at + timedelta(days=1))


def _stars(rating: float, turn: int) -> int:
    """The stars of one of several guests, who are of one mind on average only."""
    spread = (0, 1, -1, 0, 0, 1, -1, 0)[turn % 8]
    whole = int(rating * (turn + 1)) - int(rating * turn)
    return min(5, max(1, whole + spread))


def _quiet() -> None:
    while outbox.relay() or handover.deliver(timezone.now()):
        pass


def _settle() -> None:
    """Let everybody hear what was said, and do what follows, as the background does."""
    _quiet()
    ending.close_cancelled(timezone.now())
    stock.tell(timezone.now())
    _quiet()
    refund.send_due(timezone.now())
    _quiet()
