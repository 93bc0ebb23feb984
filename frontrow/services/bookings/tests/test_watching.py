"""What is counted is what committed, and what must be 0 tells when it is not."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from prometheus_client import REGISTRY

from frontrow.chassis.ids import new_id
from frontrow.services.bookings import booking, ending, metrics, paying, watching
from frontrow.services.bookings.models import Booking, EventStock, TypeStock

from .stage import NOW, stage, type_ids, wants

OUTCOMES = ("held", "confirmed", "expired", "cancelled")
committed = pytest.mark.django_db(transaction=True)


@pytest.fixture
def counted():
    """What was counted since the test began, by outcome."""

    def now():
        return [REGISTRY.get_sample_value("frontrow_bookings_total", {"outcome": each}) for each in OUTCOMES]

    before = now()
    return lambda: dict(zip(OUTCOMES, [b - a for a, b in zip(before, now(), strict=True)], strict=True))


def observed(name):
    return [REGISTRY.get_sample_value(f"frontrow_{name}_seconds_{part}") for part in ("count", "sum")]


def oversold():
    labels = [{"of": "event"}, {"of": "ticket_type"}]
    return [REGISTRY.get_sample_value("frontrow_oversold_units", each) for each in labels]


def shown():
    """What the gauge of stock tells, by event."""
    (gauge,) = metrics.STOCK_LEFT.collect()
    return {sample.labels["event"]: sample.value for sample in gauge.samples}


def payment_for(told, at):
    return paying.Paid(new_id(), *(told[name] for name in ("bookingId", "eventId", "userId")), at)


def pay(told, at):
    with transaction.atomic():
        paying.paid(payment_for(told, at), at)


@committed
def test_each_booking_is_counted_by_what_it_comes_to(counted):
    event = stage(10)
    paid, late, lapsed = (booking.hold(wants(event), NOW) for _ in range(3))
    booking.hold(wants(stage(price=0)), NOW)
    assert counted() == {"held": 3, "confirmed": 1, "expired": 0, "cancelled": 0}
    pay(paid, NOW + timedelta(seconds=90))
    after = NOW + timedelta(hours=1)
    assert ending.expire(after) == 2
    pay(late, after)
    assert counted() == {"held": 3, "confirmed": 3, "expired": 2, "cancelled": 0}
    booking.cancel(UUID(paid["bookingId"]), UUID(paid["userId"]), after)
    with transaction.atomic():
        ending.withdraw(event["eventId"], lapsed["bookingId"], "refunded", after)
    assert counted() == {"held": 3, "confirmed": 3, "expired": 2, "cancelled": 2}


@committed
def test_what_comes_again_is_not_counted_again(counted):
    event = stage(1)
    request = wants(event, key="once", fingerprint="f")
    told = booking.hold(request, NOW)
    booking.hold(request, NOW)
    with pytest.raises(booking.SoldOut):
        booking.hold(wants(event), NOW)
    for _ in range(2):
        booking.cancel(UUID(told["bookingId"]), UUID(told["userId"]), NOW)
    pay(told, NOW)  # too late: it stays cancelled
    assert counted() == {"held": 1, "confirmed": 0, "expired": 0, "cancelled": 1}


@committed
def test_money_that_comes_too_late_is_a_cancellation(counted):
    event = stage(1)
    told = booking.hold(wants(event), NOW)
    after = NOW + timedelta(hours=1)
    booking.hold(wants(event), after)  # it takes the place of the hold that lapsed
    pay(told, after)
    assert counted() == {"held": 2, "confirmed": 0, "expired": 1, "cancelled": 1}


@committed
def test_what_is_rolled_back_is_not_counted(counted):
    told = booking.hold(wants(stage(1)), NOW)
    with transaction.atomic():
        paying.paid(payment_for(told, NOW), NOW)
        transaction.set_rollback(True)
    assert counted() == {"held": 1, "confirmed": 0, "expired": 0, "cancelled": 0}


@committed
def test_a_ticket_tells_how_long_it_took_and_how_much_of_that_was_ours():
    told = booking.hold(wants(stage(1)), NOW)
    whole, ours = observed("hold_to_confirmation"), observed("payment_to_ticket")
    with transaction.atomic():
        paying.paid(payment_for(told, NOW + timedelta(seconds=58)), NOW + timedelta(seconds=60))
    assert observed("hold_to_confirmation") == [whole[0] + 1, whole[1] + 60]
    assert observed("payment_to_ticket") == [ours[0] + 1, ours[1] + 2]


@pytest.mark.django_db
def test_nothing_is_oversold():
    event = stage(2, 1, cap=2)
    booking.hold(wants(event, items=((type_ids(event)[0], 2),)), NOW)
    assert watching.look_for_oversold(NOW) == 0
    assert oversold() == [0, 0]


def sneak(told, kind, quantity, status="confirmed"):
    """A booking past all our code."""
    items = [{"ticketTypeId": str(kind), "name": "?", "quantity": quantity, "price": 1}]
    deadline = NOW if status == "held" else None
    Booking.objects.create(
        booking_id=new_id(), user_id=new_id(), event_id=told["eventId"], status=status, booking_date=NOW,
        items=items, quantity=quantity, amount=1, currency="EUR", expires_at=deadline, fingerprint="",
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "beyond"), [("held", [1, 1]), ("confirmed", [1, 1]), ("expired", [0, 0])])
def test_bookings_past_the_stock_are_oversold_whatever_it_says(status, beyond):
    event = stage(2)
    booking.hold(wants(event, 2), NOW)
    sneak(event, *type_ids(event), 1, status)
    watching.look_for_oversold(NOW)
    assert oversold() == beyond


@pytest.mark.django_db
def test_a_ticket_type_and_an_event_may_be_oversold_each_by_itself():
    event = stage(2, 5, cap=6)
    small, large = type_ids(event)
    sneak(event, small, 4)
    watching.look_for_oversold(NOW)
    assert oversold() == [0, 2]
    sneak(event, large, 5)
    watching.look_for_oversold(NOW)
    assert oversold() == [3, 2]


@pytest.mark.django_db
def test_places_of_what_has_no_stock_are_oversold():
    event = stage(2)
    sneak(event, new_id(), 1)
    EventStock.objects.all().delete()
    TypeStock.objects.all().delete()
    assert watching.look_for_oversold(NOW) == 2


@pytest.mark.django_db
def test_what_was_sold_long_ago_is_history():
    event = stage(2)
    sneak(event, *type_ids(event), 3)
    end = NOW + timedelta(days=30)  # of the sale
    assert watching.look_for_oversold(end + watching.HISTORY) == 2
    assert watching.look_for_oversold(end + watching.HISTORY + timedelta(seconds=1)) == 0


@pytest.mark.django_db
def test_what_cannot_be_counted_is_not_told():
    watching.look_for_oversold(NOW)
    EventStock.objects.all().delete()
    with pytest.raises(TypeError):
        watching.look_for_oversold("never")
    assert oversold() == [None, None]


@pytest.mark.django_db
def test_the_stock_of_the_hottest_events_is_shown_and_of_no_others():
    now = timezone.now()  # as ids have it
    events = [stage(50, salesStart=None, salesEnd=(now + timedelta(days=1)).isoformat()) for _ in range(12)]
    for count, event in enumerate(events, start=1):
        for _ in range(count):
            booking.hold(wants(event, 2), now)
    watching.look_at_sales(now)
    assert shown() == {each["eventId"]: 50 - 2 * n for n, each in enumerate(events, start=1) if n > 2}
    watching.look_at_sales(now + watching.LATELY + timedelta(minutes=1))
    assert shown() == {}


@pytest.mark.django_db
def test_stock_is_what_one_can_still_buy():
    now = timezone.now()
    event = stage(3, 4, cap=100, salesEnd=(now + timedelta(days=1)).isoformat())
    booking.hold(wants(event, items=((type_ids(event)[0], 2),)), now)
    watching.look_at_sales(now)
    assert shown() == {event["eventId"]: 5}
