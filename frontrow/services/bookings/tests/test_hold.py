from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Outbox
from frontrow.services.bookings import booking, deciding
from frontrow.services.bookings.models import Booking, EventStock, TypeStock

from .stage import NOW, check_invariants, left, outcomes, stage, type_ids, wants

pytestmark = pytest.mark.django_db


def test_a_hold_has_its_price_places_and_deadline():
    event = stage(10, price=2500)
    told = booking.hold(wants(event, 3), NOW)
    held = Booking.objects.get()
    assert (held.status, held.quantity, held.amount, held.currency) == ("held", 3, 7500, "EUR")
    assert held.expires_at == held.held_until == NOW + timedelta(minutes=15)
    assert (told["bookingId"], told["amount"]) == (str(held.booking_id), 7500)
    assert left(event) == 7


def test_a_hold_says_booking_held():
    booking.hold(wants(stage()), NOW)
    said = Outbox.objects.get(type="booking.held.v1")
    assert (said.key, said.version) == (Booking.objects.get().booking_id, 1)


def test_a_free_booking_is_confirmed_at_once():
    booking.hold(wants(stage(price=0)), NOW)
    free = Booking.objects.get()
    assert (free.status, free.amount, free.expires_at) == ("confirmed", 0, None)
    assert Outbox.objects.filter(type="booking.confirmed.v1", key=free.booking_id).count() == 1


def test_several_ticket_types_are_booked_together():
    event = stage(5, 5)
    one, two = type_ids(event)
    booking.hold(wants(event, items=((one, 2), (two, 3))), NOW)
    assert [item["quantity"] for item in Booking.objects.get().items] == [2, 3]
    check_invariants()


def test_several_ticket_types_are_booked_all_or_nothing():
    event = stage(5, 1)
    one, two = type_ids(event)
    with pytest.raises(booking.SoldOut):
        booking.hold(wants(event, items=((one, 2), (two, 2))), NOW)
    assert not Booking.objects.exists()
    assert list(TypeStock.objects.values_list("taken", flat=True)) == [0, 0]


def test_a_cap_over_the_event_stops_sales_before_the_types_are_sold_out():
    event = stage(8, 8, cap=10)
    one, two = type_ids(event)
    assert outcomes(
        wants(event, items=((one, 8),)), wants(event, items=((two, 3),)), wants(event, items=((two, 2),))
    ) == ["booked", "sold_out", "booked"]
    check_invariants()


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"salesStart": (NOW + timedelta(seconds=1)).isoformat()}, "not_on_sale"),
        ({"salesStart": NOW.isoformat()}, "booked"),
        ({"salesEnd": NOW.isoformat()}, "not_on_sale"),
        ({"salesEnd": (NOW + timedelta(seconds=1)).isoformat()}, "booked"),
        ({"status": "cancelled"}, "not_on_sale"),
    ],
)
def test_tickets_are_sold_within_the_sale_only(changes, outcome):
    assert outcomes(wants(stage(**changes))) == [outcome]


def test_an_event_nobody_told_of_is_not_found():
    assert outcomes(wants({"eventId": str(new_id())})) == ["event_not_found"]


def test_a_quantity_alone_does_for_an_event_with_one_ticket_type_only():
    assert outcomes(wants(stage(5, 5))) == ["ticket_type_required"]


def test_a_ticket_type_of_another_event_is_not_found():
    event, other = stage(), stage()
    assert outcomes(wants(event, items=((type_ids(other)[0], 1),))) == ["ticket_type_not_found"]


def test_the_limit_per_person_counts_held_and_confirmed_places():
    event, ben = stage(maxPerPerson=4), new_id()
    assert outcomes(wants(event, 3, user_id=ben), wants(event, 2, user_id=ben), wants(event, 1, user_id=ben)) == [
        "booked", "limit_reached", "booked",
    ]  # fmt: skip


def test_places_given_back_or_expired_count_towards_no_limit():
    event, ben = stage(maxPerPerson=2), new_id()
    first = booking.hold(wants(event, 2, user_id=ben), NOW)
    booking.cancel(UUID(first["bookingId"]), ben, NOW)
    booking.hold(wants(event, 2, user_id=ben), NOW)
    assert outcomes(wants(event, 2, user_id=ben)) == ["limit_reached"]
    assert outcomes(wants(event, 2, user_id=ben), now=NOW + timedelta(minutes=16)) == ["booked"]


def test_a_person_may_have_ten_open_holds_over_all_events():
    ben = new_id()
    assert outcomes(*[wants(stage(), user_id=ben) for _ in range(11)]) == ["booked"] * 10 + ["limit_reached"]


def test_free_bookings_are_no_open_holds():
    ben = new_id()
    free = [wants(stage(price=0), user_id=ben) for _ in range(12)]
    assert outcomes(*free, wants(stage(), user_id=ben)) == ["booked"] * 13


def test_what_is_sold_out_is_refused_and_leaves_no_trace():
    event = stage(2)
    assert outcomes(wants(event, 3)) == ["sold_out"]
    assert not Booking.objects.exists()
    assert not Outbox.objects.filter(type__startswith="booking.").exists()
    assert left(event) == 2


def test_an_event_whose_stock_is_not_locked_is_not_sold():
    event = stage(2)
    EventStock.objects.all().delete()  # as if learnt between the locks and the look at the event
    assert outcomes(wants(event)) == ["event_not_found"]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_decided_inside_another_transaction():
    with transaction.atomic(), pytest.raises(transaction.TransactionManagementError):
        deciding.decide([wants(stage())], NOW)


def test_requests_of_a_list_are_decided_each_by_itself_and_in_order():
    event = stage(3)
    bad = wants({"eventId": str(new_id())})
    assert outcomes(wants(event, 2), bad, wants(event, 2), wants(event, 1), wants(event, 1)) == [
        "booked", "event_not_found", "sold_out", "booked", "sold_out",
    ]  # fmt: skip
    check_invariants()


def test_a_dead_hold_keeps_nobody_out_even_before_it_is_swept():
    event = stage(1)
    booking.hold(wants(event), NOW)
    later = NOW + timedelta(minutes=15)
    told = booking.hold(wants(event), later)
    assert told["status"] == "held"
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["expired", "held"]
    check_invariants()


def test_every_booking_moves_the_version_of_the_stock():
    event = stage(5)
    versions = []
    for _ in range(3):
        booking.hold(wants(event), NOW)
        versions.append(EventStock.objects.get().version)
    assert versions == [2, 3, 4]


class TestIdempotencyKey:
    def test_the_same_key_and_body_give_the_first_booking_again(self):
        request = wants(stage(), key="k", fingerprint="f")
        assert booking.hold(request, NOW) == booking.hold(request, NOW + timedelta(minutes=1))
        assert Booking.objects.count() == 1

    def test_twice_in_one_list_too(self):
        request = wants(stage(), key="k", fingerprint="f")
        assert outcomes(request, request) == ["booked", "replayed"]

    def test_another_body_is_refused(self):
        event = stage()
        first = wants(event, key="k", fingerprint="f")
        other = wants(event, user_id=first.user_id, key="k", fingerprint="g")
        assert outcomes(first, other) == ["booked", "idempotency_key_reused"]

    def test_another_persons_key_is_another_key(self):
        event = stage()
        assert outcomes(wants(event, key="k"), wants(event, key="k")) == ["booked", "booked"]

    def test_a_refusal_is_decided_anew(self):
        event = stage(1)
        taken = booking.hold(wants(event, user_id=(cy := new_id())), NOW)
        request = wants(event, key="k", fingerprint="f")
        with pytest.raises(booking.SoldOut):
            booking.hold(request, NOW)
        booking.cancel(UUID(taken["bookingId"]), cy, NOW)
        assert booking.hold(request, NOW)["status"] == "held"

    def test_the_first_answer_stays_the_first_answer_whatever_became_of_the_booking(self):
        request = wants(stage(), key="k", fingerprint="f")
        first = booking.hold(request, NOW)
        booking.cancel(UUID(first["bookingId"]), request.user_id, NOW)
        assert booking.hold(request, NOW) == first
