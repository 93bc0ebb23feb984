"""The pages on which a person confirms a payment to their bank: the sandbox's own, and that for Stripe.

No cookie speaks for anybody here: who knows the address may act, so it stays out of the log.
"""

from typing import Any

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers

from frontrow.chassis import clock, language
from frontrow.chassis.middleware import LOGGED_PATH, allow
from frontrow.chassis.refusals import Invalid, NotFound, Unavailable
from frontrow.services.payments import payment, rules, sandbox, stripe_terms
from frontrow.services.payments.models import Payment
from frontrow.services.payments.provider import ProviderAway
from frontrow.services.payments.providers import PROVIDER

ANSWERS = {"confirm": True, "refuse": False}
STRIPE = {  # https://docs.stripe.com/security/guide#content-security-policy
    "script_src": "https://js.stripe.com https://*.js.stripe.com",
    "frame_src": "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
    "connect_src": "https://api.stripe.com",
}


def sandbox_page(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what is to be paid; a POST with `answer` confirm or refuse settles it, and leads to the booking.

    Raises NotFound, Invalid.
    """
    request.META[LOGGED_PATH] = "/sandbox/-"
    charge = sandbox.waiting(reference)
    paid = Payment.objects.get(payment_id=charge.key)
    back = f"/my/bookings/{paid.booking_id}"
    if request.method == "POST":
        _answer(request, reference, paid)
        return HttpResponseRedirect(back)  # the same origin: the policy allows a form no other
    reason = sandbox.REASONS[charge.code]
    facts = {"charge": charge, "reason": reason, "back": back}
    return _page(request, "payments/sandbox.html", charge.amount, charge.currency, facts)


def stripe_page(request: HttpRequest, signed: str) -> HttpResponse:
    """Let Stripe's script ask the bank; a POST looks what became of it, and leads to the booking.

    Raises NotFound, Unavailable.
    """
    request.META[LOGGED_PATH] = "/stripe/-"
    paid = _signed(signed)
    back = f"/my/bookings/{paid.booking_id}"
    if request.method == "POST":
        payment.hear(paid, clock.now())
    waits = request.method != "POST" and paid.status == rules.REQUIRES_ACTION
    try:
        secret = PROVIDER.client_secret(paid.reference) if waits else ""
    except ProviderAway as away:
        raise Unavailable("The payment provider does not answer. Try again in a moment.") from away
    if not secret:
        return HttpResponseRedirect(back)
    facts = {"secret": secret, "public_key": PROVIDER.public_key, "back": back}
    answer = _page(request, "payments/stripe.html", paid.amount, paid.currency, facts)
    allow(answer, **STRIPE)
    return answer


def _signed(signed: str) -> Payment:
    try:
        return Payment.objects.get(pk=Signer(salt=stripe_terms.PAGE).unsign(signed))
    except (BadSignature, Payment.DoesNotExist) as error:
        raise NotFound from error


def _page(
    request: HttpRequest, template: str, amount: int, currency: str, facts: dict[str, Any]
) -> HttpResponse:
    spoken = translation.get_language_from_request(request)
    with translation.override(spoken):
        shown = language.money(amount, currency) if amount else ""
        reason = translation.gettext(facts["reason"]) if facts.get("reason") else ""
        answer = render(request, template, {**facts, "reason": reason, "amount": shown, "language": spoken})
    answer["Content-Language"] = spoken
    patch_vary_headers(answer, ["Accept-Language"])
    return answer


def _answer(request: HttpRequest, reference: str, paid: Payment) -> None:
    answer, now = request.POST.get("answer"), clock.now()
    if answer not in ANSWERS:
        raise Invalid.field("answer", "must be confirm or refuse")
    sandbox.authenticate(reference, ANSWERS[answer], now)
    payment.look(paid, now)
