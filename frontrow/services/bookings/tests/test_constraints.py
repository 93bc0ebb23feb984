"""The day somebody forgets a guard, the database says no."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from frontrow.services.bookings import booking
from frontrow.services.bookings.models import Booking, EventStock, TypeStock

from .stage import NOW, stage, wants

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("stock", [EventStock, TypeStock])
@pytest.mark.parametrize("change", [{"taken": 11}, {"taken": -1}, {"capacity": 1}, {"taken": F("taken") + 9}])
def test_no_stock_can_be_oversold_or_negative(stock, change):
    event = stage(10)
    booking.hold(wants(event, 2), NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        stock.objects.update(**change)


@pytest.mark.parametrize(
    "change",
    [{"status": "sold"}, {"expires_at": None}, {"quantity": 0}, {"amount": -1}],
)
def test_no_booking_can_be_nonsense(change):
    booking.hold(wants(stage()), NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.update(**change)


def test_one_key_of_a_person_makes_one_booking():
    event = stage()
    first, second = wants(event, key="k"), wants(event)
    booking.hold(first, NOW)
    booking.hold(second, NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.filter(user_id=second.user_id).update(user_id=first.user_id, idempotency_key="k")
