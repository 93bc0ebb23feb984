from datetime import timedelta
from uuid import UUID

import pytest

from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Outbox
from frontrow.chassis.refusals import NotFound
from frontrow.services.bookings import booking, ending
from frontrow.services.bookings.models import Booking

from .stage import NOW, check_invariants, left, stage, type_ids, wants

pytestmark = pytest.mark.django_db


def held(event, quantity=1, **changes):
    request = wants(event, quantity, **changes)
    return UUID(booking.hold(request, NOW)["bookingId"]), request.user_id


def test_a_cancelled_booking_gives_back_exactly_what_it_had():
    event = stage(5, 5)
    one, two = type_ids(event)
    mine = held(event, items=((one, 2), (two, 1)))
    held(event, items=((one, 1),))
    assert booking.cancel(*mine, NOW).status == "cancelled"
    assert left(event) == 9
    check_invariants()


def test_it_says_so_once_however_often_it_is_cancelled():
    mine = held(stage())
    for _ in range(3):
        assert booking.cancel(*mine, NOW).status == "cancelled"
    said = Outbox.objects.get(type="booking.cancelled.v1")
    assert (said.version, said.data["reason"]) == (2, "person")


def test_somebody_elses_booking_is_not_found_and_stays():
    booking_id, _ = held(stage())
    with pytest.raises(NotFound):
        booking.cancel(booking_id, new_id(), NOW)
    assert Booking.objects.get().status == "held"


def test_a_ticket_cannot_be_given_back_after_the_organisers_limit():
    mine = held(stage(price=0, cancelUntil=(NOW + timedelta(hours=1)).isoformat()))
    with pytest.raises(booking.TooLateToCancel):
        booking.cancel(*mine, NOW + timedelta(hours=1))
    assert Booking.objects.get().status == "confirmed"


def test_a_hold_can_be_let_go_after_that_limit():
    mine = held(stage(cancelUntil=(NOW - timedelta(hours=1)).isoformat()))
    assert booking.cancel(*mine, NOW).status == "cancelled"


def test_a_lapsed_booking_is_cancelled_too_and_returns_its_places_once():
    """Or a payment on its way would make it a ticket that nobody wants any more."""
    told = stage(5)
    mine = held(told)
    ending.expire(NOW + timedelta(minutes=15))
    for _ in range(2):
        assert booking.cancel(*mine, NOW + timedelta(minutes=16)).status == "cancelled"
    assert left(told) == 5
    check_invariants()
