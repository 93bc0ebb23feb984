"""Real threads on a real database: each person is told once, and the newest knowledge stays."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection

from frontrow.chassis.ids import new_id
from frontrow.services.notifications import announcement, clients
from frontrow.services.notifications.models import Announcement, Booking, Delivery, Event, Notification

from .stage import EVENT, NOW, hear, heard, news

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 6


def at_once(calls):
    start = threading.Barrier(THREADS)

    def run(call):
        try:
            start.wait(20)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, calls))


def test_runners_that_announce_at_once_tell_each_person_once(monkeypatch):
    bookings = sorted(str(new_id()) for _ in range(60))
    people = {booking: str(new_id()) for booking in bookings}

    def page(event_id, after):
        left = [booking for booking in bookings if booking > str(after or "")]
        items = [
            {"bookingId": b, "userId": people[b], "status": "confirmed", "quantity": 1} for b in left[:7]
        ]
        return items, UUID(left[6]) if len(left) > 7 else None

    monkeypatch.setattr(clients, "holders", page)
    heard("event.published")
    announcement.to_holders(EVENT, None, "", "Dear all", NOW)
    while Announcement.objects.filter(done_at=None).exists():
        at_once([lambda: announcement.work_off(NOW)] * THREADS)
    assert Notification.objects.count() == Delivery.objects.count() == 60


def test_news_of_many_versions_at_once_leave_the_newest():
    versions = [news("event.updated", version=v, location=f"Hall {v}") for v in range(1, THREADS + 1)]
    at_once([lambda message=message: hear(message) for message in versions])
    assert Event.objects.get().location == f"Hall {THREADS}"
    lives = [news("booking.held", version=v) for v in range(1, THREADS)] + [
        news("booking.expired", version=THREADS)
    ]
    at_once([lambda message=message: hear(message) for message in lives])
    assert (Booking.objects.get().status, Booking.objects.get().version) == ("expired", THREADS)


def test_the_same_news_at_once_are_told_once():
    heard("event.published")
    at_once([lambda: heard("booking.confirmed") for _ in range(THREADS)])
    assert Notification.objects.count() == Delivery.objects.count() == 1
