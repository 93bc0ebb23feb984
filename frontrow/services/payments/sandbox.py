"""The provider that moves no money: test cards named like Stripe's, and a ledger of its own.

It is written as if it were far away: payments learns of its ledger only by its answers, some of which
never come.
"""

import re
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from frontrow.chassis.http import refuse_inside_transaction
from frontrow.chassis.refusals import NotFound
from frontrow.services.payments.models import SandboxCharge, SandboxRefund
from frontrow.services.payments.provider import (
    CANCELLED,
    Entry,
    Forged,
    Keep,
    Method,
    Notice,
    Order,
    Outcome,
    ProviderAway,
)
from frontrow.services.payments.rules import FAILED, REQUIRES_ACTION, SUCCEEDED

SLOW_SECONDS = 2.0
PAGE = 500  # entries of the ledger
REFERENCE = re.compile(r"[\w-]{1,100}", re.ASCII)


PAYS, AUTHENTICATION, SLOW = "pays", "authentication", "slow"
NO_ANSWER = "no_answer"  # the order never arrives
ANSWER_LOST = "answer_lost"  # the order is carried out, but the first answer never arrives
REFUND_ANSWER_LOST = "refund_answer_lost"
DECLINED = {  # by these codes
    "declined": "card_declined",
    "insufficient_funds": "insufficient_funds",
    "expired_card": "expired_card",
}


@dataclass(frozen=True, slots=True)
class Card:
    """A test card: how it looks, and how it behaves."""

    brand: str
    last_digits: str
    meaning: str = PAYS


CARDS = {  # as shown, the ordinary first
    "pm_card_visa": Card("visa", "4242"),
    "pm_card_mastercard": Card("mastercard", "4444"),
    "pm_card_amex": Card("amex", "0005"),
    "pm_card_authenticationRequired": Card("visa", "3220", AUTHENTICATION),
    "pm_card_chargeDeclined": Card("visa", "0002", "declined"),
    "pm_card_chargeDeclinedInsufficientFunds": Card("visa", "9995", "insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": Card("visa", "0069", "expired_card"),
    "pm_card_slow": Card("mastercard", "1001", SLOW),
    "pm_card_timeoutAfterCharge": Card("mastercard", "1002", ANSWER_LOST),
    "pm_card_noAnswer": Card("mastercard", "1003", NO_ANSWER),
    "pm_card_refundTimeout": Card("mastercard", "1004", REFUND_ANSWER_LOST),
}
REASONS = {
    "": "",
    "card_declined": _("Your card was declined."),
    "insufficient_funds": _("Your card has insufficient funds."),
    "expired_card": _("Your card has expired."),
    "authentication_failed": _("Your bank did not confirm the payment."),
    CANCELLED: _("The payment was given up."),
}


class Sandbox:
    """See provider.Provider."""

    name, public_key = "sandbox", ""

    def accepts(self, method: str) -> bool:
        return method in CARDS

    def methods(self) -> list[Method]:
        return [Method(key, card.brand, card.last_digits, card.meaning) for key, card in CARDS.items()]

    def charge(self, order: Order, keep: Keep) -> Outcome:
        refuse_inside_transaction("charging")
        meaning = CARDS[order.method].meaning
        if meaning == NO_ANSWER:
            raise ProviderAway
        if meaning == SLOW:
            time.sleep(SLOW_SECONDS)
        code = DECLINED.get(meaning, "")
        status = FAILED if code else REQUIRES_ACTION if meaning == AUTHENTICATION else SUCCEEDED
        charge, made = SandboxCharge.objects.get_or_create(key=order.key, defaults={
            "reference": _reference(), "method": order.method, "status": status,
            "amount": order.amount, "currency": order.currency, "code": code, "at": order.at,
        })  # fmt: skip
        if made and meaning == ANSWER_LOST:
            raise ProviderAway
        return _outcome(charge)

    def charge_some(self, orders: Sequence[Order]) -> dict[str, Outcome]:
        refuse_inside_transaction("charging")
        simple = [order for order in orders if CARDS[order.method].meaning == PAYS]
        rows = [_captured(order) for order in simple]
        SandboxCharge.objects.bulk_create(rows, ignore_conflicts=True)
        charged = SandboxCharge.objects.filter(key__in=[order.key for order in simple], status=SUCCEEDED)
        return {charge.key: _outcome(charge) for charge in charged}

    def find(self, order: Order) -> Outcome | None:
        refuse_inside_transaction("asking the provider")
        charge = SandboxCharge.objects.filter(key=order.key).first()
        return _outcome(charge) if charge else None

    def cancel(self, order: Order, at: datetime) -> Outcome:
        refuse_inside_transaction("cancelling a charge")
        charge, _ = SandboxCharge.objects.get_or_create(key=order.key, defaults={
            "reference": _reference(), "status": FAILED, "code": CANCELLED,
            "amount": 0, "at": at,
        })  # fmt: skip
        _settle(charge.reference, FAILED, CANCELLED, at)
        charge.refresh_from_db()
        return _outcome(charge)

    def refund(self, key: str, charged: Order, amount: int, at: datetime) -> str:
        refuse_inside_transaction("refunding")
        with transaction.atomic():
            taken = SandboxCharge.objects.filter(reference=charged.reference, status=SUCCEEDED)
            charge = taken.select_for_update().get()
            fresh = {"reference": _reference(), "charge": charge, "amount": amount, "at": at}
            refund, made = SandboxRefund.objects.get_or_create(key=key, defaults=fresh)
            if made:
                charge.refunded += amount
                charge.save()
        if made and CARDS[charge.method].meaning == REFUND_ANSWER_LOST:
            raise ProviderAway
        return refund.reference

    def entries(self, orders: Sequence[Order]) -> dict[str, Entry]:
        refuse_inside_transaction("reading the ledger")
        charges = SandboxCharge.objects.filter(key__in=[order.key for order in orders])
        return {charge.key: _entry(charge) for charge in charges}

    def ledger(self, since: datetime) -> Iterator[list[Entry]]:
        refuse_inside_transaction("reading the ledger")
        charges = SandboxCharge.objects.filter(at__gte=since).order_by("reference")
        page = list(charges[:PAGE])
        while page:
            yield [_entry(charge) for charge in page]
            page = list(charges.filter(reference__gt=page[-1].reference)[:PAGE])

    def told(self, body: bytes, signature: str, now: datetime) -> Notice | None:
        raise Forged("The sandbox tells nothing by itself.")

    def client_secret(self, reference: str) -> str:
        return ""  # its bank has a page of its own

    def key_of(self, reference: str) -> str:
        return SandboxCharge.objects.values_list("key", flat=True).get(reference=reference)


SANDBOX = Sandbox()


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


def _captured(order: Order) -> SandboxCharge:
    return SandboxCharge(
        reference=_reference(), key=order.key, method=order.method, status=SUCCEEDED, amount=order.amount,
        currency=order.currency, at=order.at,
    )  # fmt: skip


def _settle(reference: str, status: str, code: str, now: datetime) -> None:
    waits = SandboxCharge.objects.filter(reference=reference, status=REQUIRES_ACTION)
    waits.update(status=status, code=code, at=now)


def _outcome(charge: SandboxCharge) -> Outcome:
    waits = charge.status == REQUIRES_ACTION
    page = reverse("payments:sandbox", args=[charge.reference]) if waits else ""
    return Outcome(charge.status, charge.reference, charge.at, charge.code, REASONS[charge.code], page)


def _entry(charge: SandboxCharge) -> Entry:
    return Entry(
        charge.key, charge.reference, charge.status, charge.amount if charge.status == SUCCEEDED else 0,
        charge.refunded, charge.currency, charge.at,
    )  # fmt: skip
