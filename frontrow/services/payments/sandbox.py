"""The provider that moves no money: test cards named like Stripe's, and a ledger of its own.

It is written as if it were far away: payments learns of its ledger only by its answers, some of which
never come.
"""

import re
import secrets
import time
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from frontrow.chassis.http import refuse_inside_transaction
from frontrow.chassis.refusals import NotFound
from frontrow.services.payments.models import SandboxCharge, SandboxRefund
from frontrow.services.payments.provider import CANCELLED, Order, Outcome, ProviderAway
from frontrow.services.payments.rules import FAILED, REQUIRES_ACTION, SUCCEEDED

SLOW_SECONDS = 2.0
REFERENCE = re.compile(r"[\w-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Card:
    """How a test card behaves."""

    declined: str = ""  # by this code
    authenticates: bool = False
    slow: bool = False
    silent: bool = False  # the order never arrives
    loses_answers: bool = False  # the order is carried out, but the first answer never arrives
    loses_refund_answers: bool = False


CARDS = {
    "pm_card_visa": Card(),
    "pm_card_mastercard": Card(),
    "pm_card_amex": Card(),
    "pm_card_chargeDeclined": Card(declined="card_declined"),
    "pm_card_chargeDeclinedInsufficientFunds": Card(declined="insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": Card(declined="expired_card"),
    "pm_card_authenticationRequired": Card(authenticates=True),
    "pm_card_slow": Card(slow=True),
    "pm_card_timeoutAfterCharge": Card(loses_answers=True),
    "pm_card_noAnswer": Card(silent=True),
    "pm_card_refundTimeout": Card(loses_refund_answers=True),
}
REASONS = {
    "": "",
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "authentication_failed": "Your bank did not confirm the payment.",
    CANCELLED: "The payment was given up.",
}


class Sandbox:
    """See provider.Provider."""

    def accepts(self, method: str) -> bool:
        return method in CARDS

    def charge(self, order: Order) -> Outcome:
        refuse_inside_transaction("charging")
        card = CARDS[order.method]
        if card.silent:
            raise ProviderAway
        if card.slow:
            time.sleep(SLOW_SECONDS)
        status = FAILED if card.declined else REQUIRES_ACTION if card.authenticates else SUCCEEDED
        charge, made = SandboxCharge.objects.get_or_create(key=order.key, defaults={
            "reference": _reference(), "method": order.method, "status": status,
            "amount": order.amount, "currency": order.currency, "code": card.declined, "at": order.at,
        })  # fmt: skip
        if made and card.loses_answers:
            raise ProviderAway
        return _outcome(charge)

    def find(self, key: str) -> Outcome | None:
        refuse_inside_transaction("asking the provider")
        charge = SandboxCharge.objects.filter(key=key).first()
        return _outcome(charge) if charge else None

    def cancel(self, key: str, at: datetime) -> Outcome:
        refuse_inside_transaction("cancelling a charge")
        charge, _ = SandboxCharge.objects.get_or_create(key=key, defaults={
            "reference": _reference(), "status": FAILED, "code": CANCELLED,
            "amount": 0, "at": at,
        })  # fmt: skip
        _settle(charge.reference, FAILED, CANCELLED, at)
        charge.refresh_from_db()
        return _outcome(charge)

    def refund(self, key: str, reference: str, amount: int, at: datetime) -> str:
        refuse_inside_transaction("refunding")
        with transaction.atomic():
            charge = SandboxCharge.objects.select_for_update().get(reference=reference, status=SUCCEEDED)
            fresh = {"reference": _reference(), "charge": charge, "amount": amount, "at": at}
            refund, made = SandboxRefund.objects.get_or_create(key=key, defaults=fresh)
            if made:
                charge.refunded += amount
                charge.save()
        if made and CARDS[charge.method].loses_refund_answers:
            raise ProviderAway
        return refund.reference


PROVIDER = Sandbox()


def waiting(reference: str) -> SandboxCharge:
    """A charge, for the page on which its person acts. Raises NotFound."""
    known = SandboxCharge.objects.filter(reference=reference) if REFERENCE.fullmatch(reference) else None
    charge = known.first() if known is not None else None
    if charge is None:
        raise NotFound
    return charge


def authenticate(reference: str, passed: bool, now: datetime) -> None:
    """Complete a charge that waits for its person, or fail it; one that does not wait stays as it is."""
    _settle(reference, SUCCEEDED if passed else FAILED, "" if passed else "authentication_failed", now)


def _reference() -> str:
    return f"sandbox_{secrets.token_urlsafe(16)}"


def _settle(reference: str, status: str, code: str, now: datetime) -> None:
    waits = SandboxCharge.objects.filter(reference=reference, status=REQUIRES_ACTION)
    waits.update(status=status, code=code, at=now)


def _outcome(charge: SandboxCharge) -> Outcome:
    waits = charge.status == REQUIRES_ACTION
    page = reverse("payments:sandbox", args=[charge.reference]) if waits else ""
    return Outcome(charge.status, charge.reference, charge.at, charge.code, REASONS[charge.code], page)
