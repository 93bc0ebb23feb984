import itertools
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Outbox
from frontrow.chassis.refusals import NotFound
from frontrow.services.bookings import booking, ending, event, messages, stock
from frontrow.services.bookings.models import Booking, Event, EventStock, TypeStock

from .stage import NOW, check_invariants, facts, left, outcomes, stage, type_ids, wants

pytestmark = pytest.mark.django_db


def learn(told):
    with transaction.atomic():
        event.learn(told)


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_news_of_an_event_may_come_in_any_order_and_twice(order):
    told = facts(5)
    news = {n: {**told, "version": n, "maxPerPerson": n * 10} for n in (1, 2, 3)}
    for version in (*order, *order):
        learn(news[version])
    known = Event.objects.get()
    assert (known.version, known.max_per_person) == (3, 30)
    assert EventStock.objects.get().capacity == 5


def test_news_never_resets_what_was_sold():
    told = stage(5)
    booking.hold(wants(told, 2), NOW)
    learn({**told, "version": 2})
    assert left(told) == 3


def test_capacities_in_news_count_the_first_time_only():
    told = stage(5)
    event.resize(UUID(told["eventId"]), None, {type_ids(told)[0]: 8}, NOW)
    learn({**told, "version": 2})
    assert left(told) == 8


class TestResize:
    def test_a_larger_capacity_is_on_sale_at_once(self):
        told = stage(1)
        booking.hold(wants(told), NOW)
        answer = event.resize(UUID(told["eventId"]), None, {type_ids(told)[0]: 3}, NOW)
        assert answer["availability"] == 2
        assert outcomes(wants(told, 2)) == ["booked"]
        check_invariants()

    @pytest.mark.parametrize(("size", "fits"), [(3, True), (2, True), (1, False), (0, False)])
    def test_a_capacity_cannot_fall_below_what_is_taken(self, size, fits):
        told = stage(5)
        booking.hold(wants(told, 2), NOW)
        if fits:
            assert (
                event.resize(UUID(told["eventId"]), None, {type_ids(told)[0]: size}, NOW)["availability"]
                == size - 2
            )
        else:
            with pytest.raises(event.CapacityBelowSold):
                event.resize(UUID(told["eventId"]), None, {type_ids(told)[0]: size}, NOW)
            assert left(told) == 3
        check_invariants()

    def test_dead_holds_are_not_sold(self):
        told = stage(5)
        booking.hold(wants(told, 4), NOW)
        later = NOW + timedelta(minutes=15)
        assert event.resize(UUID(told["eventId"]), None, {type_ids(told)[0]: 1}, later)["availability"] == 1

    def test_a_cap_over_the_event_obeys_the_same(self):
        told = stage(5, 5)
        one, two = type_ids(told)
        booking.hold(wants(told, items=((one, 2), (two, 2))), NOW)
        with pytest.raises(event.CapacityBelowSold):
            event.resize(UUID(told["eventId"]), 3, {one: 5, two: 5}, NOW)
        assert event.resize(UUID(told["eventId"]), 4, {one: 5, two: 5}, NOW)["availability"] == 0

    def test_all_or_none(self):
        told = stage(5, 5)
        one, two = type_ids(told)
        booking.hold(wants(told, items=((two, 2),)), NOW)
        with pytest.raises(event.CapacityBelowSold):
            event.resize(UUID(told["eventId"]), None, {one: 9, two: 1}, NOW)
        assert TypeStock.objects.get(ticket_type_id=one).capacity == 5

    def test_twice_is_once(self):
        told = stage(5)
        sizes = {type_ids(told)[0]: 7}
        first = event.resize(UUID(told["eventId"]), None, sizes, NOW)
        again = event.resize(UUID(told["eventId"]), None, sizes, NOW)
        assert {**first, "version": 0} == {**again, "version": 0}

    def test_a_ticket_type_not_named_has_no_places_any_more(self):
        told = stage(5, 5)
        event.resize(UUID(told["eventId"]), None, {type_ids(told)[0]: 5}, NOW)
        assert left(told) == 5
        assert TypeStock.objects.get(ticket_type_id=type_ids(told)[1]).capacity == 0

    def test_a_new_ticket_type_gets_its_places(self):
        told = stage(5)
        event.resize(UUID(told["eventId"]), None, {type_ids(told)[0]: 5, (new := new_id()): 3}, NOW)
        assert TypeStock.objects.get(ticket_type_id=new).capacity == 3
        assert left(told) == 8

    def test_an_event_that_does_not_exist_is_not_found(self):
        with pytest.raises(NotFound):
            event.resize(new_id(), None, {}, NOW)


class TestClosing:
    def test_every_live_booking_of_a_cancelled_event_is_cancelled_and_said_so(self, monkeypatch):
        monkeypatch.setattr(ending, "AT_ONCE", 2)
        told, other = stage(10), stage(10)
        for _ in range(5):
            booking.hold(wants(told), NOW)
        booking.hold(wants(other), NOW)
        learn({**told, "version": 2, "status": "cancelled"})
        assert [ending.close_cancelled(NOW) for _ in range(4)] == [2, 2, 1, 0]
        assert Booking.objects.filter(event_id=told["eventId"], status="cancelled").count() == 5
        assert Booking.objects.get(event_id=other["eventId"]).status == "held"
        reasons = Outbox.objects.filter(type="booking.cancelled.v1").values_list("data__reason", flat=True)
        assert list(reasons) == ["event_cancelled"] * 5
        assert (left(told), Event.objects.get(event_id=told["eventId"]).closed_at) == (10, NOW)
        check_invariants()

    def test_nothing_is_sold_of_it_any_more(self):
        told = stage(10)
        learn({**told, "version": 2, "status": "cancelled"})
        assert outcomes(wants(told)) == ["not_on_sale"]


def types_of(event_id):
    return list(TypeStock.objects.filter(event_id=event_id).order_by("ticket_type_id"))


class TestTelling:
    def test_changed_stock_is_told_once_with_its_version(self):
        told = stage(8, 8, cap=10)
        stock.tell(NOW)
        booking.hold(wants(told, items=((type_ids(told)[0], 3),)), NOW)
        booking.hold(wants(told, items=((type_ids(told)[1], 4),)), NOW)
        assert [stock.tell(NOW), stock.tell(NOW)] == [1, 0]
        said = Outbox.objects.filter(type="stock.changed.v1").latest("id")
        assert (said.version, said.data["availability"]) == (3, 3)
        assert [kind["availability"] for kind in said.data["ticketTypes"]] == [5, 4]

    def test_it_says_what_events_is_answered(self):
        for told in (stage(8, 8, cap=10), stage(3), stage(2, 9)):
            booking.hold(wants(told, items=((type_ids(told)[0], 2),)), NOW)
        stock.tell(NOW)
        said = [(row.key, row.version, row.data) for row in Outbox.objects.filter(type="stock.changed.v1")]
        assert sorted(said, key=lambda row: row[0]) == [
            (row.event_id, row.version, messages.stock_facts(row, types_of(row.event_id)))
            for row in EventStock.objects.order_by("event_id")
        ]

    def test_many_events_are_told_in_turns(self, monkeypatch):
        monkeypatch.setattr(stock, "TOLD_AT_ONCE", 2)
        for _ in range(5):
            stage()
        assert [stock.tell(NOW) for _ in range(4)] == [2, 2, 1, 0]
