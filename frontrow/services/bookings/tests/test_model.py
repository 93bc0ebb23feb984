"""The function in the database against a few lines of Python that say the same; and a sale, whatever becomes of it."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import Refusal
from frontrow.services.bookings import booking, deciding, ending, event, paying
from frontrow.services.bookings.models import Booking
from tests.machines import Machine, one, pace, picks

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


minutes = st.sampled_from([1, 4, 12, 20])
has_bookings = precondition(lambda self: self.mine)


class Sale(Machine):
    """Two events, one of them free: whatever people, the organiser, money and the clock do to them."""

    @initialize()
    def opens(self):
        self.now, self.people, self.mine = NOW, [new_id() for _ in range(PEOPLE)], []
        self.events = [stage(4, 3, cap=5, maxPerPerson=MOST), stage(3, price=0, maxPerPerson=MOST)]

    def reads(self, pick):
        return Booking.objects.get(booking_id=one(self.mine, pick))

    @rule(who=picks, which=picks, places=st.integers(1, 3))
    def hold(self, who, which, places):
        told = one(self.events, which)
        items = ((one(type_ids(told), which // 2), places),)
        request = wants(told, user_id=one(self.people, who), items=items)
        (answer,) = deciding.decide([request], self.now)
        self.mine += [UUID(answer.booking["bookingId"])] if answer.told else []

    @has_bookings
    @rule(pick=picks)
    def cancel(self, pick):
        mine = self.reads(pick)
        assert booking.cancel(mine.booking_id, mine.user_id, self.now).status == "cancelled"

    @rule(later=minutes)
    def time_passes_and_nobody_sweeps(self, later):
        self.now += timedelta(minutes=later)

    @rule()
    def sweep(self):
        ending.expire(self.now)
        assert not Booking.objects.overdue(self.now).exists()

    @has_bookings
    @rule(pick=picks)
    def ask_what_is_due(self, pick):
        mine = self.reads(pick)
        try:
            paying.due(mine.booking_id, mine.user_id, self.now)
        except Refusal:
            assert mine.status != "held" or mine.expires_at <= self.now or self.called_off(mine)

    @has_bookings
    @rule(some=st.lists(picks, min_size=1, max_size=3), earlier=minutes)
    def hear_that_they_paid(self, some, earlier):
        """Together if that is simple, each by itself if not; of a booking there is one payment."""
        paid = [self.reads(pick) for pick in {pick % len(self.mine) for pick in some}]
        at = self.now - timedelta(minutes=earlier)
        payments = [
            paying.Paid(each.paid_by or new_id(), each.booking_id, each.event_id, each.user_id, at)
            for each in paid
            if each.amount
        ]
        try:
            with transaction.atomic():
                paying.paid_together(payments, self.now)
        except paying.OneByOne:
            for payment in payments:
                with transaction.atomic():
                    paying.paid(payment, self.now)
        for payment in payments:
            answered = Booking.objects.get(booking_id=payment.booking_id)
            assert answered.status in ("confirmed", "cancelled")
            assert answered.paid_by == payment.payment_id

    @has_bookings
    @rule(pick=picks)
    def hear_that_all_was_given_back(self, pick):
        mine = self.reads(pick)
        with transaction.atomic():
            paying.given_back(mine.booking_id, mine.event_id, self.now)
        assert self.reads(pick).status == "cancelled"

    @rule(cap=st.none() | st.integers(0, 8), sizes=st.lists(st.integers(0, 6), min_size=2, max_size=2))
    def resize(self, cap, sizes):
        told = self.events[0]
        try:
            event.resize(UUID(told["eventId"]), cap, dict(zip(type_ids(told), sizes, strict=True)), self.now)
        except event.CapacityBelowSold:
            return

    @precondition(lambda self: len(self.mine) > 4)
    @rule(which=picks)
    def hear_that_it_is_called_off(self, which):
        with transaction.atomic():
            event.learn({**one(self.events, which), "version": 2, "status": "cancelled"})

    @rule()
    def close(self):
        ending.close_cancelled(self.now)

    def called_off(self, mine):
        return event.Event.objects.get(event_id=mine.event_id).status == "cancelled"

    @invariant()
    def the_stock_is_what_live_bookings_leave(self):
        check_invariants()

    @invariant()
    def nobody_has_more_than_one_may(self):
        places = Counter()
        for live in Booking.objects.live().exclude(pk__in=Booking.objects.overdue(self.now)):
            places[live.user_id, live.event_id] += live.quantity
        assert all(count <= MOST for count in places.values())

    def finish(self):
        self.now += timedelta(hours=1)
        ending.expire(self.now)
        ending.close_cancelled(self.now)
        check_invariants()
        for live in Booking.objects.live():
            assert live.status == "confirmed"
            assert not self.called_off(live)


def test_whatever_becomes_of_a_sale_the_stock_is_what_live_bookings_leave():
    run_state_machine_as_test(Sale, settings=pace(runs=25, steps=40))
