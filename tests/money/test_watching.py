"""Money that is kept without a ticket is seen, whatever our code believes; and payments are counted."""

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from prometheus_client import REGISTRY

from frontrow.chassis import http
from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import Unavailable
from frontrow.services.bookings.models import Booking
from frontrow.services.payments import rules, watching
from frontrow.services.payments.models import Payment, Refund
from tests.cast import settle

from .stage import AUTHENTICATES, DECLINED, lapse, paid, pays, refunds

pytestmark = pytest.mark.django_db
OUTCOMES = ("succeeded", "requires_action", "declined", "given_up")


def gauge():
    """What the gauge tells, by the status of the booking; without those that read 0."""
    labels = [{"booking": each} for each in rules.STANDINGS]
    told = {
        each["booking"]: REGISTRY.get_sample_value("frontrow_paid_without_ticket", each) for each in labels
    }
    return {status: value for status, value in told.items() if value != 0}


def look(**after):
    """Look for it some time from now."""
    return watching.look_for_paid_without_ticket(timezone.now() + timedelta(**after))


def late():
    return look(seconds=rules.GRACE.total_seconds() + 60)


@pytest.fixture
def ticket(ada, ben):
    """A booking of Ben's that he paid for, and the payment."""
    booking = ben.books(ada.lists())
    payment = paid(ben, booking)
    settle()
    assert late() == 0
    return booking, payment


def change(booking, **columns):
    """Past all our code."""
    Booking.objects.filter(booking_id=booking["bookingId"]).update(**columns)


def test_all_is_well_with_tickets_refunds_and_what_is_given_back_in_part(ada, ben, ticket):
    booking, payment = ticket
    refunds(ada, payment, amount=100)
    assert late() == 0
    ben.delete(f"/bookings/{booking['bookingId']}")
    settle()
    assert (late(), gauge()) == (0, {})


@pytest.mark.parametrize("status", ["held", "expired", "cancelled"])
def test_money_of_what_is_no_ticket_is_seen(ticket, status):
    booking, _ = ticket
    change(booking, status=status, expires_at=timezone.now())
    assert late() == 1
    assert gauge() == {status: 1}


def test_so_is_money_of_what_bookings_never_heard_of(ticket):
    Booking.objects.all().delete()
    assert late() == 1
    assert gauge() == {"unknown": 1}


def test_so_is_a_second_payment_of_one_ticket(ticket):
    booking, _ = ticket
    change(booking, paid_by=new_id())
    assert late() == 1
    assert gauge() == {"confirmed": 1}


def test_so_is_the_rest_of_what_went_back_in_part(ada, ticket):
    booking, payment = ticket
    refunds(ada, payment, amount=100)
    change(booking, status="cancelled")
    assert late() == 1
    Payment.objects.update(refunding=payment["amount"])
    assert late() == 0


def test_what_is_under_way_has_a_time_of_grace(ada, ben, ticket):
    booking, _ = ticket
    change(booking, status="cancelled", ended_at=timezone.now() + timedelta(minutes=10))
    assert (look(minutes=12), look(minutes=16)) == (0, 1)
    other = ben.books(ada.lists())
    paid(ben, other)  # which bookings has not heard of yet
    lapse(other)
    assert (look(minutes=1), look(minutes=4)) == (0, 0)


def test_every_page_is_looked_at(ada, ben, monkeypatch):
    monkeypatch.setattr(watching, "AT_ONCE", 2)
    for _ in range(5):
        paid(ben, ben.books(ada.lists()))
    settle()
    assert late() == 0
    Booking.objects.all().update(status="expired")
    assert late() == 5


def test_without_bookings_nothing_is_told(ticket, monkeypatch):
    def away(*_, **__):
        raise httpx.ConnectError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(http.InProcess, "handle_request", away)
        with pytest.raises(Unavailable):
            late()
    assert gauge() == dict.fromkeys(rules.STANDINGS)
    assert (late(), gauge()) == (0, {})


def waits(what):
    watching.look_at_what_waits(timezone.now() + timedelta(seconds=600))
    return REGISTRY.get_sample_value("frontrow_money_waits_seconds", {"what": what})


def test_what_waits_tells_its_age(ticket):
    assert (waits("payment"), waits("refund")) == (0, 0)
    Refund.objects.create(
        payment=Payment.objects.get(), amount=1, cause="person", created_at=timezone.now(), status="pending"
    )
    Payment.objects.update(status="processing", created_at=timezone.now() - timedelta(seconds=100))
    assert 600 <= waits("refund") < 700 <= waits("payment") < 800


def counted(kind, **labels):
    return REGISTRY.get_sample_value(f"frontrow_{kind}_total", labels)


@pytest.mark.django_db(transaction=True)
def test_payments_are_counted_by_what_became_of_them(ada, ben):
    def now():
        return [counted("payments", outcome=each) for each in OUTCOMES]

    before, refunded = now(), counted("refunds", cause="person")
    booking = ben.books(ada.lists())
    pays(ben, booking, DECLINED)
    pays(ben, booking, AUTHENTICATES)
    paid(ben, booking)  # instead of the one at the bank
    settle()
    ben.delete(f"/bookings/{booking['bookingId']}")
    settle()
    assert [b - a for a, b in zip(before, now(), strict=True)] == [1, 1, 1, 1]
    assert counted("refunds", cause="person") == refunded + 1


def test_a_payment_that_the_bank_never_answered_is_given_up():
    assert rules.outcome_of("failed", "no_answer") == "given_up"
    assert rules.outcome_of("failed", "insufficient_funds") == "declined"
