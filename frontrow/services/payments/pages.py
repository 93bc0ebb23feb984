"""The sandbox's page, on which a person confirms a payment to their bank, or does not."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from frontrow.chassis import money
from frontrow.services.payments import payment, sandbox
from frontrow.services.payments.models import Payment


def sandbox_page(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what is to be paid; a POST with `answer` confirm or refuse settles it. Raises NotFound.

    No cookie speaks for anybody here: who knows the address may act.
    """
    charge = sandbox.waiting(reference)
    if request.method == "POST":
        now = timezone.now()
        sandbox.authenticate(reference, request.POST.get("answer") == "confirm", now)
        payment.look(Payment.objects.get(payment_id=charge.key), now)
        return HttpResponseRedirect(request.path)
    amount = money.shown(charge.amount, charge.currency or "EUR")
    facts = {"charge": charge, "amount": amount, "reason": sandbox.REASONS[charge.code]}
    return render(request, "payments/sandbox.html", facts)
