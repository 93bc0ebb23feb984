"""What reviews makes of the news of events and bookings, in whatever order they come."""

import itertools
from threading import Thread

import pytest
from django.db import connection, transaction

from frontrow.chassis.ids import new_id
from frontrow.services.reviews.models import Booking, Event
from tests.cast import at_once

from .stage import NOW, TOMORROW, booking_facts, event_facts, hear_booking, hear_event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_news_of_an_event_may_come_in_any_order_and_twice(order):
    first = event_facts()
    news = {
        1: first,
        2: {**first, "version": 2, "endDate": TOMORROW.isoformat()},
        3: {**first, "version": 3, "endDate": NOW.isoformat(), "status": "cancelled"},
    }
    for version in (*order, *order):
        hear_event(news[version])
    known = Event.objects.get()
    assert (known.version, known.end_date, known.status) == (3, NOW, "cancelled")
    assert str(known.organizer_id) == first["organizerId"]


@pytest.mark.parametrize("order", list(itertools.permutations([2, 3])))
def test_a_cancelled_booking_stays_cancelled_whatever_comes_later(order):
    confirmed = booking_facts(new_id(), new_id())
    news = {2: confirmed, 3: {**confirmed, "version": 3, "status": "cancelled"}}
    for version in (*order, *order):
        hear_booking(news[version])
    known = Booking.objects.get()
    assert (known.version, known.confirmed) == (3, False)


def test_a_booking_that_was_never_paid_is_no_ticket():
    hear_booking(booking_facts(new_id(), new_id(), version=2, status="cancelled"))
    assert not Booking.objects.get().confirmed


def test_the_same_version_under_other_words_changes_nothing():
    first = event_facts()
    hear_event(first)
    hear_event({**first, "status": "cancelled"})
    assert Event.objects.get().status == "published"


@pytest.mark.django_db(transaction=True)
def test_of_news_that_come_at_the_same_moment_the_newest_stays():
    for _ in range(5):
        first = event_facts()
        news = [{**first, "version": version} for version in range(1, 9)]
        at_once([lambda told=told: hear_event(told) for told in news])
        assert Event.objects.get(pk=first["eventId"]).version == 8


@pytest.mark.django_db(transaction=True)
def test_newer_news_wait_for_older_ones_under_way_and_then_win():
    first = event_facts()
    newer = Thread(target=in_thread, args=({**first, "version": 2, "status": "cancelled"},))
    with transaction.atomic():
        hear_event(first)
        newer.start()
        while not somebody_waits():
            assert newer.is_alive()
    newer.join()
    assert Event.objects.get().status == "cancelled"


def in_thread(told):
    try:
        hear_event(told)
    finally:
        connection.close()


def somebody_waits():
    """Whether a session waits for a lock; pg_locks is never a snapshot."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]
