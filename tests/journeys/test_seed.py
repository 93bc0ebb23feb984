"""Demo data, made by the services' own use cases."""

from collections import Counter

import pytest
from django.utils import timezone

from frontrow.seed import PASSWORD, NotOurs, seed
from frontrow.seed_events import EVENTS
from frontrow.services.bookings.models import Booking
from frontrow.services.events.models import Event
from frontrow.services.users.models import User
from tests.cast import Actor, settle

pytestmark = pytest.mark.django_db


def counts():
    return User.objects.count(), Event.objects.count(), Booking.objects.count()


def test_twice_makes_nothing_twice():
    first = list(seed(timezone.now()))
    made = counts()
    assert made[1] == len(EVENTS)
    assert made[2] >= 40
    second = list(seed(timezone.now()))
    assert counts() == made
    assert "0 bookings" in second[0]
    assert PASSWORD in first[-1]


def test_nobodys_own_account_is_used(nobody):
    body = {"username": "demo-ada", "email": "ada@real.example.org", "password": "correct horse"}
    assert nobody.post("/register", body)[0] == 201
    with pytest.raises(NotOurs):
        list(seed(timezone.now()))
    assert not Event.objects.exists()


def test_there_are_events_past_and_soon_free_and_sold_out_in_many_places():
    now = timezone.now()
    list(seed(now))
    settle(now)
    events = list(Event.objects.all())
    assert any(event.end_date < now for event in events)
    assert any(event.price_from == 0 for event in events)
    assert any(event.availability == 0 for event in events)
    assert len({event.timezone for event in events}) >= 5
    assert len(Counter(event.category for event in events)) == 3


def test_every_page_of_the_events_answers():
    list(seed(timezone.now()))
    path, seen = "/events?limit=7", []
    while path:
        status, page = Actor().get(path)
        assert status == 200
        seen += [item["eventId"] for item in page["items"]]
        path = page["nextCursor"] and f"/events?limit=7&cursor={page['nextCursor']}"
    assert len(seen) == len(set(seen)) == Event.objects.filter(end_date__gt=timezone.now()).count()
