"""Demo data, made by the services' own use cases."""

import re
from collections import Counter

import pytest
from django.utils import timezone

from frontrow.seed import GUESTS, ORGANISERS, PASSWORD, PER_PERSON, NotOurs, seed
from frontrow.seed_events import COMMENTS, EVENTS
from frontrow.services.bookings.models import Booking
from frontrow.services.bookings.tests.stage import check_invariants
from frontrow.services.events.models import Event
from frontrow.services.notifications.models import Notification
from frontrow.services.payments.models import Payment, Refund, SandboxCharge
from frontrow.services.reviews.models import Review
from frontrow.services.users.models import User
from tests.cast import Actor, settle
from tests.money.stage import check_money

pytestmark = pytest.mark.django_db


def counts():
    tables = (User, Event, Booking, Payment, Refund, Review, Notification, SandboxCharge)
    return [table.objects.count() for table in tables]


def test_the_demo_data_are_whole_and_made_once():
    now = timezone.now()
    first = list(seed(now))
    settle(now)
    made = counts()
    assert made[:2] == [len(ORGANISERS) + len(GUESTS), len(EVENTS)]
    assert min(made[2:]) >= 10
    assert PASSWORD in first[-1]
    check_money()
    check_invariants()
    check_variety(now)
    check_pages(now)
    second = list(seed(timezone.now()))
    settle()
    assert counts() == made
    assert set(re.findall(r"\d+", second[0])) == {"0"}


def check_variety(now):
    events = list(Event.objects.all())
    assert any(event.end_date < now for event in events)
    assert any(event.price_from == 0 for event in events)
    assert any(event.availability == 0 and event.price_from for event in events)
    assert any(event.status == "cancelled" for event in events)
    assert len({event.timezone for event in events}) >= 12
    assert len({event.currency for event in events}) >= 12
    assert len({event.category for event in events}) == 8
    over = [event for event in events if event.end_date < now]
    assert all(event.rating_count >= 3 for event in over)
    assert all(review.date <= now for review in Review.objects.all())
    assert set(Booking.objects.values_list("status", flat=True)) == {"confirmed", "cancelled"}


def check_pages(now):
    path, seen = "/events?limit=7", []
    while path:
        status, page = Actor().get(path)
        assert status == 200
        seen += [item["eventId"] for item in page["items"]]
        path = page["nextCursor"] and f"/events?limit=7&cursor={page['nextCursor']}"
    upcoming = Event.objects.filter(end_date__gt=now, status="published")
    assert len(seen) == len(set(seen)) == upcoming.count()


def test_nobodys_own_account_is_used(nobody):
    body = {"username": "demo-ada", "email": "ada@real.example.org", "password": "correct horse"}
    assert nobody.post("/register", body)[0] == 201
    with pytest.raises(NotOurs):
        list(seed(timezone.now()))
    assert not Event.objects.exists()


class TestWhatIsWrittenDown:
    def test_an_event_is_known_by_its_title(self):
        assert [title for title, count in Counter(show.title for show in EVENTS).items() if count > 1] == []

    def test_what_is_sold_is_what_all_guests_may_book(self):
        most = len(GUESTS) * PER_PERSON
        assert [show.title for show in EVENTS if not 0 <= round(show.sold * show.places) <= most] == []

    def test_organisers_and_stars_are_those_there_are(self):
        assert {show.organizer for show in EVENTS} == set(ORGANISERS)
        assert sorted(COMMENTS) == [1, 2, 3, 4, 5]
        assert all(len(set(texts)) == len(texts) >= 3 for texts in COMMENTS.values())

    def test_what_is_over_is_rated_and_nothing_else_is(self):
        assert [show.title for show in EVENTS if (show.rating is not None) != (show.in_days < 0)] == []
        assert all(1 <= show.rating <= 5 and show.sold for show in EVENTS if show.rating is not None)

    def test_a_sale_begins_before_the_event_and_sells_nothing_before(self):
        later = [show for show in EVENTS if show.sale_in_days is not None]
        assert later
        assert all(0 < show.sale_in_days < show.in_days and not show.sold for show in later)

    def test_there_is_one_of_every_kind(self):
        """Tomorrow's events are reminded of; caps, cancellations and currencies without cents are shown."""
        assert any(show.in_days == 1 and show.sold for show in EVENTS)
        assert any(show.cap and show.cap < sum(size for _, _, size in show.types) for show in EVENTS)
        assert any(show.cancelled and show.sold for show in EVENTS)
        assert any(show.sold == 1 and show.types[0][1] for show in EVENTS)
        assert {"JPY", "EUR"} <= {show.currency for show in EVENTS}
