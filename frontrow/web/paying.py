"""Paying for a hold by one of the provider's cards; once, however often it is sent."""

import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from frontrow.chassis.refusals import Unavailable
from frontrow.web import clients, standing
from frontrow.web.clients import Refused
from frontrow.web.page import page, redirect

MEANINGS: dict[str, str | Promise] = {
    "pays": _("Pays at once"),
    "declined": _("Is declined"),
    "insufficient_funds": _("Has too little money on it"),
    "expired_card": _("Has expired"),
    "authentication": _("Your bank asks you to confirm"),
    "slow": _("Pays after two seconds"),
    "answer_lost": _("Pays, but the answer of the bank is lost for a while"),
    "no_answer": _("The bank never answers"),
    "refund_answer_lost": _("Pays; the answer to its refund is lost"),
}
FAILURES: dict[str, str | Promise] = {
    "insufficient_funds": _("There is not enough money on this card."),
    "expired_card": _("This card has expired."),
    "authentication_failed": _("Your bank did not confirm the payment."),
    "not_authenticated": _("The payment was not confirmed at your bank in time."),
    "no_answer": _("The bank did not answer."),
    "superseded": _("You began to pay in another way."),
}
DECLINED = _("The card was declined.")
STRIPE = {  # https://docs.stripe.com/security/guide#content-security-policy
    "script_src": "https://js.stripe.com https://*.js.stripe.com",
    "frame_src": "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
    "connect_src": "https://api.stripe.com",
}
REPEATED = {"payment_declined", "payment_in_progress", "idempotency_key_reused"}  # the booking's page tells


def form(request: HttpRequest, payments: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the form to pay needs: the cards, None while payments is away; what became of the last try."""
    told = clients.maybe(request, "payments", "/payments/methods")
    cards = told and [{**each, "words": MEANINGS.get(each["meaning"], "")} for each in told["methods"]]
    why = standing.declined(payments)
    action = payments[0].get("nextAction") if payments else None
    return {
        "cards": cards,
        "attempt": standing.failed(payments),
        "sandbox": bool(told) and told["provider"] == "sandbox",
        "public_key": told["publicKey"] if told else "",
        "failure": FAILURES.get(why["code"], DECLINED) if why else "",
        "at_bank": here(action["url"]) if action else "",
    }


@page(signed_in=True, post=True)
def pay(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Pay, then look at the booking again, whose page tells what became of it; or confirm at the bank."""
    back, method = f"/my/bookings/{booking_id}", request.POST.get("card", "")
    if request.method != "POST":
        return redirect(request, back)
    try:
        paid = _paid(request, str(booking_id), method, request.POST.get("attempt", ""))
    except Refused as refused:
        if refused.code not in NOTES and refused.code not in REPEATED:
            raise
        return redirect(request, back, note=NOTES.get(refused.code, ""))
    except Unavailable:
        return redirect(request, back, note="payment-unknown")
    if paid["status"] == "requires_action":
        return redirect(request, here(paid["nextAction"]["url"]))
    return redirect(request, back)


NOTES = {"nothing_due": "nothing-due", "invalid_request": "choose-card"}


def _paid(request: HttpRequest, booking_id: str, method: str, attempt: str) -> Any:
    """One key for one attempt with one card: sent twice, it is one charge."""
    wish = f"{booking_id} {method} {attempt}"
    key = "web-" + hashlib.sha256(wish.encode()).hexdigest()
    body = {"bookingId": booking_id, "paymentMethod": method}
    return clients.ask(request, "payments", "POST", "/payments", body, key)


def here(address: str) -> str:
    """A page of this installation at the address by which the browser came, so that it goes on there."""
    there, public = urlsplit(address), urlsplit(settings.ENVIRONMENT.public_url)
    return there._replace(scheme="", netloc="").geturl() if there.netloc == public.netloc else address
