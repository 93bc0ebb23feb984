from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow.services.bookings import rules

LIMIT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "late", "allowed"),
    [
        (rules.CONFIRMED, timedelta(seconds=-1), True),
        (rules.CONFIRMED, timedelta(0), False),
        (rules.CONFIRMED, timedelta(days=1), False),
        (rules.HELD, timedelta(days=1), True),
    ],
)
def test_a_ticket_may_be_given_back_until_the_limit_and_a_hold_always(status, late, allowed):
    assert rules.may_cancel(status, LIMIT, LIMIT + late) is allowed


items = st.lists(
    st.fixed_dictionaries({"ticketTypeId": st.sampled_from("abc"), "quantity": st.integers(1, 9)})
)


@given(st.lists(items))
def test_the_places_by_type_add_up_to_all_places(bookings):
    total = sum(item["quantity"] for booking in bookings for item in booking)
    assert sum(rules.places_by_type(bookings).values()) == total


@given(st.lists(st.integers(0, 100)), st.none() | st.integers(0, 100))
def test_an_event_without_a_cap_has_the_places_of_its_types(types, cap):
    assert rules.event_capacity(cap, types) == (sum(types) if cap is None else cap)


@given(st.integers(0, 100), st.lists(st.integers(0, 100)))
def test_what_one_can_buy_is_bounded_by_the_event_and_by_its_types(event, types):
    available = rules.availability(event, types)
    assert available <= event
    assert available <= sum(types)
    assert available in {event, sum(types)}


quarters = st.integers(0, 2000).map(lambda n: LIMIT + timedelta(minutes=15 * n))
zones = st.integers(-48, 56).map(lambda n: timezone(timedelta(minutes=15 * n)))


@given(st.lists(st.tuples(quarters, st.integers(1, 9), st.integers(0, 900))), zones)
def test_days_of_sales_add_up_ascend_and_are_those_of_the_zone(sold, zone):
    days = rules.by_day(sold, zone)
    assert [day.date for day in days] == sorted({moment.astimezone(zone).date() for moment, _, _ in sold})
    assert sum(day.places for day in days) == sum(places for _, places, _ in sold)
    assert sum(day.amount for day in days) == sum(amount for _, _, amount in sold)
