from datetime import timedelta

import pytest

from frontrow.chassis.models import Outbox
from frontrow.services.bookings import booking, ending
from frontrow.services.bookings.models import Booking, EventStock

from .stage import NOW, check_invariants, left, stage, wants

pytestmark = pytest.mark.django_db
DEADLINE = NOW + timedelta(minutes=15)


def test_a_hold_ends_at_its_deadline_and_not_before():
    event = stage(3)
    booking.hold(wants(event, 2), NOW)
    assert ending.expire(DEADLINE - timedelta(microseconds=1)) == 0
    assert (ending.expire(DEADLINE), left(event)) == (1, 3)
    assert Booking.objects.get().status == "expired"
    check_invariants()


def test_its_places_come_back_once():
    event = stage(3)
    booking.hold(wants(event, 2), NOW)
    assert [ending.expire(DEADLINE) for _ in range(3)] == [1, 0, 0]
    assert left(event) == 3
    assert Outbox.objects.filter(type="booking.expired.v1").count() == 1


def test_tickets_do_not_expire():
    booking.hold(wants(stage(price=0)), NOW)
    assert ending.expire(NOW + timedelta(days=365)) == 0


def test_holds_of_many_events_expire_in_one_round():
    events = [stage(1) for _ in range(7)]
    for event in events:
        booking.hold(wants(event), NOW)
    assert ending.expire(DEADLINE) == 7
    assert [left(event) for event in events] == [1] * 7


def test_an_event_whose_holds_cannot_end_keeps_no_other_waiting():
    broken, *sound = [stage(1) for _ in range(4)]
    for event in (broken, *sound):
        booking.hold(wants(event), NOW)
    EventStock.objects.filter(event_id=broken["eventId"]).update(taken=0)  # so giving back goes below nothing
    assert ending.expire(DEADLINE) == 3
    assert [left(event) for event in sound] == [1] * 3
    assert Booking.objects.get(event_id=broken["eventId"]).status == "held"


def test_the_hold_minutes_of_the_event_count():
    booking.hold(wants(stage(holdMinutes=1)), NOW)
    assert ending.expire(NOW + timedelta(seconds=59)) == 0
    assert ending.expire(NOW + timedelta(seconds=60)) == 1
