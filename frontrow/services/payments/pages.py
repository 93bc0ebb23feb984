"""The sandbox's page, on which a person confirms a payment to their bank, or does not."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from frontrow.chassis import language
from frontrow.chassis.refusals import Invalid
from frontrow.services.payments import payment, sandbox
from frontrow.services.payments.models import Payment

ANSWERS = {"confirm": True, "refuse": False}


def sandbox_page(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what is to be paid; a POST with `answer` confirm or refuse settles it, and leads to the booking.

    Raises NotFound, Invalid. No cookie speaks for anybody here: who knows the address may act.
    """
    charge = sandbox.waiting(reference)
    paid = Payment.objects.get(payment_id=charge.key)
    back = f"/my/bookings/{paid.booking_id}"
    if request.method == "POST":
        _answer(request, reference, paid)
        return HttpResponseRedirect(back)  # the same origin: the policy allows a form no other
    spoken = translation.get_language_from_request(request)
    with translation.override(spoken):
        amount = language.money(charge.amount, charge.currency) if charge.amount else ""
        reason = translation.gettext(sandbox.REASONS[charge.code]) if charge.code else ""
        facts = {"charge": charge, "amount": amount, "reason": reason, "back": back, "language": spoken}
        answer = render(request, "payments/sandbox.html", facts)
    answer["Content-Language"] = spoken
    patch_vary_headers(answer, ["Accept-Language"])
    return answer


def _answer(request: HttpRequest, reference: str, paid: Payment) -> None:
    answer, now = request.POST.get("answer"), timezone.now()
    if answer not in ANSWERS:
        raise Invalid.field("answer", "must be confirm or refuse")
    sandbox.authenticate(reference, ANSWERS[answer], now)
    payment.look(paid, now)
