"""The sandbox's page, on which a person confirms a payment to their bank, or does not."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from frontrow.chassis import money
from frontrow.chassis.refusals import Invalid
from frontrow.services.payments import payment, sandbox
from frontrow.services.payments.models import Payment

ANSWERS = {"confirm": True, "refuse": False}


def sandbox_page(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what is to be paid; a POST with `answer` confirm or refuse settles it. Raises NotFound, Invalid.

    No cookie speaks for anybody here: who knows the address may act.
    """
    charge = sandbox.waiting(reference)
    if request.method == "POST":
        answer, now = request.POST.get("answer"), timezone.now()
        if answer not in ANSWERS:
            raise Invalid.field("answer", "must be confirm or refuse")
        sandbox.authenticate(reference, ANSWERS[answer], now)
        payment.look(Payment.objects.get(payment_id=charge.key), now)
        return HttpResponseRedirect(request.path)
    amount = money.shown(charge.amount, charge.currency) if charge.amount else ""
    facts = {"charge": charge, "amount": amount, "reason": sandbox.REASONS[charge.code]}
    return render(request, "payments/sandbox.html", facts)
