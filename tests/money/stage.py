"""What the tests of money share: paying through the API, and the truth as the sandbox's ledger has it."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from frontrow.services.bookings import ending
from frontrow.services.bookings.models import Booking
from frontrow.services.payments.models import Payment, Refund, SandboxCharge
from tests.cast import Actor

VISA, DECLINED, AUTHENTICATES = "pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"
LOST, SILENT, SLOW = "pm_card_timeoutAfterCharge", "pm_card_noAnswer", "pm_card_slow"
REFUND_LOST = "pm_card_refundTimeout"
BY_ITSELF = SLOW  # charged by nobody together with others


def pays(person: Actor, booking: dict[str, Any], method: str = VISA, **headers: str) -> tuple[int, Any]:
    body = {"bookingId": booking["bookingId"], "paymentMethod": method}
    return person.post("/payments", body, **headers)


def paid(person: Actor, booking: dict[str, Any], method: str = VISA) -> dict[str, Any]:
    """A payment that must succeed."""
    status, payment = pays(person, booking, method)
    assert (status, payment["status"]) == (201, "succeeded"), payment
    return payment


def refunds(organizer: Actor, payment: dict[str, Any], **body: Any) -> tuple[int, Any]:
    headers = body.pop("headers", {})
    return organizer.post("/refunds", {"paymentId": payment["paymentId"], **body}, **headers)


def answer(payment: dict[str, Any], word: str) -> None:
    """What a person does on the bank's page: confirm or refuse."""
    page = urlsplit(payment["nextAction"]["url"]).path
    assert Client().post(page, {"answer": word}).status_code == 302


def lapse(booking: dict[str, Any]) -> None:
    """Let the deadline of a hold pass."""
    ending.expire(timezone.now() + timedelta(days=1))
    assert status_of(booking) == "expired"


def status_of(booking: dict[str, Any]) -> str:
    return Booking.objects.get(booking_id=booking["bookingId"]).status


def captured(booking: dict[str, Any]) -> list[tuple[int, int]]:
    """What the sandbox took for a booking and gave back of it, charge by charge."""
    keys = [str(p.payment_id) for p in Payment.objects.filter(booking_id=booking["bookingId"])]
    taken = SandboxCharge.objects.filter(key__in=keys, status="succeeded").order_by("at")
    for charge in taken:
        given = charge.refunds.aggregate(sum=Sum("amount", default=0))["sum"]
        assert given == charge.refunded <= charge.amount
    return list(taken.values_list("amount", "refunded"))


def check_money() -> None:
    """I6, by the sandbox's ledger: a ticket is paid for, and everything else is not."""
    assert not SandboxCharge.objects.exclude(key__in=[str(p.pk) for p in Payment.objects.all()]).exists()
    for booking in Booking.objects.all():
        took = sum(amount - back for amount, back in captured({"bookingId": booking.booking_id}))
        granted = Refund.objects.filter(payment__booking_id=booking.booking_id, cause="organizer")
        partial = granted.aggregate(sum=Sum("amount", default=0))["sum"]
        assert took == (booking.amount - partial if booking.status == "confirmed" else 0), booking.status
    for payment in Payment.objects.all():
        sent = payment.refunds.filter(status="succeeded").aggregate(sum=Sum("amount", default=0))["sum"]
        assert payment.refunded == sent
