"""The function in the database against a few lines of Python that say the same."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontrow.chassis.ids import new_id
from frontrow.services.bookings import booking, deciding, ending
from frontrow.services.bookings.models import Booking

from .stage import NOW, check_invariants, outcomes, stage, type_ids, wants

pytestmark = pytest.mark.django_db
PEOPLE, MOST = 3, 4

orders = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1),
        st.lists(
            st.tuples(st.integers(0, 1), st.integers(1, 4)), min_size=1, max_size=2, unique_by=lambda i: i[0]
        ),
        st.none() | st.sampled_from("xy"),
    ),
    max_size=12,
)


class Model:
    """What should happen, without locks, SQL or clocks."""

    def __init__(self, sizes: list[int], cap: int | None):
        self.left, self.whole = list(sizes), sum(sizes) if cap is None else cap
        self.places: Counter[int] = Counter()
        self.holds: Counter[int] = Counter()
        self.keys: dict[tuple[int, str], str] = {}

    def decide(self, person: int, items: list[tuple[int, int]], key: str | None) -> str:
        total = sum(quantity for _, quantity in items)
        if key and (person, key) in self.keys:
            return "replayed" if self.keys[person, key] == repr(items) else "idempotency_key_reused"
        if total > self.whole or any(quantity > self.left[kind] for kind, quantity in items):
            return "sold_out"
        if self.places[person] + total > MOST or self.holds[person] >= 10:
            return "limit_reached"
        self.whole -= total
        for kind, quantity in items:
            self.left[kind] -= quantity
        self.places[person] += total
        self.holds[person] += 1
        if key:
            self.keys[person, key] = repr(items)
        return "booked"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(1, 6), min_size=2, max_size=2), st.none() | st.integers(1, 8), orders, st.booleans()
)
def test_the_database_decides_as_the_model_does(sizes, cap, orders, together):
    event = stage(*sizes, cap=cap, maxPerPerson=MOST)
    kinds, people, model = type_ids(event), [new_id() for _ in range(PEOPLE)], Model(sizes, cap)
    requests = [
        wants(event, user_id=people[person], items=tuple((kinds[k], n) for k, n in items), key=key,
              fingerprint=repr(items))
        for person, items, key in orders
    ]  # fmt: skip
    groups = [requests] if together else [[request] for request in requests]
    decided = [outcome for group in groups for outcome in outcomes(*group)]
    assert decided == [model.decide(*order) for order in orders]
    check_invariants()


acts = st.lists(st.tuples(st.sampled_from(["hold", "cancel", "wait"]), st.integers(0, 5)), max_size=15)


@settings(max_examples=100, deadline=None)
@given(acts)
def test_whatever_people_do_the_stock_is_what_live_bookings_leave(acts):
    event, now, mine = stage(4, cap=3, price=100), NOW, []
    for act, number in acts:
        if act == "wait":
            now += timedelta(minutes=number * 4)
            ending.expire(now)
        elif act == "cancel" and mine:
            booking.cancel(*mine[number % len(mine)], now)
        elif act == "hold":
            request = wants(event, 1 + number % 3)
            for answer in deciding.decide([request], now):
                mine += [(UUID(answer.booking["bookingId"]), request.user_id)] if answer.told else []
        check_invariants()
        assert not Booking.objects.overdue(now).filter(event_id=event["eventId"]).exists() or act != "wait"
