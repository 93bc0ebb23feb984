"""What Stripe says, in our words, and the other way round. No network."""

from datetime import UTC, datetime
from typing import Any

from django.core.signing import Signer
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from frontrow.chassis import money
from frontrow.services.payments.provider import CANCELLED, Entry, Notice, Order, Outcome
from frontrow.services.payments.rules import FAILED, REQUIRES_ACTION, SUCCEEDED

PAGE = "payments.stripe"
KEY = "frontrow_payment"  # in the metadata of what is ours: the key by which we ordered it
DECLINED, NO_AUTHENTICATION = "card_declined", "authentication_failed"
UNKNOWN_METHOD, NOT_CHARGEABLE = "payment_method_unknown", "amount_not_chargeable"
REASONS = {
    DECLINED: _("Your card was declined."),
    "insufficient_funds": _("Your card has insufficient funds."),
    "expired_card": _("Your card has expired."),
    NO_AUTHENTICATION: _("Your bank did not confirm the payment."),
    CANCELLED: _("The payment was given up."),
    UNKNOWN_METHOD: _("This way to pay is not known any more."),
    NOT_CHARGEABLE: _("This amount cannot be paid in its currency."),
}
LOST = {"failed", "canceled"}  # of a refund: the bank sent it back
UNAUTHENTICATED = {"payment_intent_authentication_failure", "authentication_required"}
STATUSES = {"succeeded": SUCCEEDED, "requires_action": REQUIRES_ACTION, "canceled": FAILED}
# Where a unit of Stripe's is not one of ISO 4217: https://docs.stripe.com/currencies#special-cases
HUNDREDTHS, WHOLE = {"ISK", "UGX"}, {"MGA"}


def amount_of(amount: int, currency: str) -> int | None:
    """An amount in minor units as Stripe counts it; None, if it cannot."""
    if currency in HUNDREDTHS:
        return amount * 100
    if currency in WHOLE:
        return None if amount % 100 else amount // 100
    return amount


def ours(amount: int, currency: str) -> int:
    """What Stripe counts, in minor units."""
    currency = currency.upper()
    return amount // 100 if currency in HUNDREDTHS else amount * 100 if currency in WHOLE else amount


def time_of(seconds: int) -> datetime:
    """Stripe's time, which is in seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def signed_at(signature: str) -> datetime:
    """When a header Stripe-Signature, which was verified, was made."""
    return time_of(int(dict(part.split("=", 1) for part in signature.split(","))["t"]))


def key_of(thing: dict[str, Any]) -> str:
    """The key by which we ordered it; empty, if we did not."""
    return str((thing["metadata"] or {}).get(KEY, ""))


def code_of(fault: dict[str, Any] | None) -> str:
    """Why an intent did not succeed, from its last error; that we gave it up, if there is none."""
    return str(fault.get("decline_code") or fault.get("code") or DECLINED) if fault else CANCELLED


def failed(order: Order, code: str) -> Outcome:
    """That an order came to nothing, by a code of ours or of Stripe's declines."""
    code = NO_AUTHENTICATION if code in UNAUTHENTICATED else code
    return Outcome(FAILED, order.reference, order.at, code[:60], REASONS.get(code, REASONS[DECLINED]))


def outcome(intent: dict[str, Any], order: Order) -> Outcome | None:
    """What became of an order, by its intent; None, if nothing did yet."""
    status = STATUSES.get(intent["status"])
    if status == SUCCEEDED:
        return Outcome(SUCCEEDED, intent["id"], time_of(intent["latest_charge"]["created"]))
    if status == REQUIRES_ACTION:
        return Outcome(REQUIRES_ACTION, intent["id"], order.at, action_url=_page(order))
    return failed(order, code_of(intent["last_payment_error"])) if status == FAILED else None


def entry(intent: dict[str, Any]) -> Entry:
    """An intent, with its charge, as an entry of the ledger."""
    currency, charge = intent["currency"].upper(), intent["latest_charge"]
    taken = intent["status"] == "succeeded"
    captured = ours(intent["amount"], currency) if taken else 0
    back = ours(charge["amount_refunded"], currency) if taken else 0
    status, at = STATUSES.get(intent["status"], FAILED), time_of(intent["created"])
    return Entry(key_of(intent), intent["id"], status, captured, back, currency, at)


def _page(order: Order) -> str:
    """Where a person confirms it to their bank: an address that nobody can guess."""
    return reverse("payments:stripe", args=[Signer(salt=PAGE).sign(order.key)])


def notice(facts: dict[str, Any]) -> Notice | None:
    """What a webhook tells, if we have a use for it. Raises KeyError, TypeError."""
    kind, about = str(facts["type"]), facts["data"]["object"]
    if kind.startswith("payment_intent."):
        return Notice(str(facts["id"]), kind, key_of(about), str(about["id"]))
    if kind.startswith("charge.dispute.") and about["payment_intent"]:
        return Notice(str(facts["id"]), kind, "", str(about["payment_intent"]), _dispute(about))
    return None


def _dispute(about: Any) -> str:
    sum_ = money.shown(ours(about["amount"], about["currency"]), about["currency"].upper())
    return f"{sum_} disputed with the bank: {about['reason']}. Stripe: {about['status']}, {about['id']}."
