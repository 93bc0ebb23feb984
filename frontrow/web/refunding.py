"""A booking of my event: whose it is, what was paid, and giving money back."""

import hashlib
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontrow.chassis import language
from frontrow.chassis.refusals import NotFound
from frontrow.web import clients, entered
from frontrow.web.clients import Refused
from frontrow.web.forms import Form, Lines
from frontrow.web.organize import own
from frontrow.web.page import page, redirect
from frontrow.web.rendering import render

REFUNDABLE = {"succeeded", "partially_refunded"}
REASONS: dict[str, tuple[str, str | Promise]] = {
    "already_refunded": ("", gettext_lazy("All of this payment has gone back already.")),
    "not_paid": ("", gettext_lazy("Nothing was paid here, so nothing can go back.")),
    "idempotency_key_reused": (
        "", gettext_lazy("A refund was just given. Look at what is left, then send again if you want to."),
    ),
}  # fmt: skip


class RefundForm(Form):
    """How much of a payment goes back. `known` is how much had gone back when the page was made."""

    how = forms.ChoiceField(label=gettext_lazy("How much"), widget=forms.RadioSelect)
    amount = forms.CharField(
        label=gettext_lazy("Amount, if in part"), max_length=20, required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip
    reason = Lines(
        label=gettext_lazy("Reason"), max_length=500, required=False,
        help_text=gettext_lazy("They read it, here and by mail."), widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    payment = forms.UUIDField(widget=forms.HiddenInput)
    known = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *words: Any, payment: dict[str, Any], **named: Any):
        super().__init__(*words, **named)
        self.paid, self.currency = payment, payment["currency"]
        choices: Any = self.fields["how"]
        whole = _("All that is left: %(amount)s") % {"amount": language.money(left(payment), self.currency)}
        choices.choices = [("full", whole), ("part", _("A part of it"))]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("how") == "part":
            try:
                found["minor"] = entered.amount(found.get("amount", ""), self.currency)
            except entered.Unreadable:
                self.add_error("amount", _("Enter an amount, with digits only."))
            else:
                if found["minor"] == 0:
                    self.add_error("amount", _("Enter an amount above zero."))
        return found

    def told(self) -> dict[str, Any]:
        """What the API takes, of a form without errors."""
        found = self.cleaned_data
        part = {"amount": found["minor"]} if found["how"] == "part" else {}
        return {"paymentId": str(found["payment"]), "reason": found["reason"], **part}

    def now(self, payment: dict[str, Any]) -> None:
        """The payment as it stands now: what is sent next is another refund."""
        self.paid = payment
        self.data = {**self.data.dict(), "known": payment["refundedAmount"]}  # type: ignore[attr-defined]

    def key(self) -> str:
        """Sent twice from one page, it is one refund: the same of a payment that stood the same."""
        seen = f"{self.cleaned_data['payment']}:{self.cleaned_data['known']}"
        return f"refund-{hashlib.sha256(seen.encode()).hexdigest()[:40]}"


def left(payment: dict[str, Any]) -> int:
    """What of a payment can still go back, in minor units."""
    return int(payment["amount"] - payment["refundedAmount"]) if payment["status"] in REFUNDABLE else 0


@page(signed_in=True, post=True)
def organized_booking(request: HttpRequest, event_id: UUID, booking_id: UUID) -> HttpResponse:
    """A booking with its person and payments; refunds in full or in part."""
    event = own(request, event_id)
    booking = _booking(request, event, booking_id)
    if request.method != "POST":
        return _looked_at(request, event, booking)
    payments = _payments(request, booking_id)
    paid = next((each for each in payments if each["paymentId"] == request.POST.get("payment")), None)
    if paid is None:
        raise NotFound
    return _refunded(request, event, booking, payments, RefundForm(request.POST, payment=paid))


def _looked_at(request: HttpRequest, event: dict[str, Any], booking: dict[str, Any]) -> HttpResponse:
    """The page, also while payments is away: then without them."""
    told = clients.maybe(request, "payments", "/payments", **_of(booking["bookingId"]))
    payments = told["items"] if told else None
    open_one = next((payment for payment in payments or () if left(payment)), None)
    return _shown(request, event, booking, payments, _form(open_one) if open_one else None)


def _refunded(
    request: HttpRequest, event: dict[str, Any], booking: dict[str, Any], payments: list[dict[str, Any]],
    form: RefundForm,
) -> HttpResponse:  # fmt: skip
    if form.is_valid():
        try:
            clients.ask(request, "payments", "POST", "/refunds", form.told(), key=form.key())
        except Refused as refused:
            payments = _payments(request, booking["bookingId"])
            form.now(next(each for each in payments if each["paymentId"] == form.paid["paymentId"]))
            form.refuse(refused, {**REASONS, "amount_too_high": ("amount", _too_high(form.paid))})
        else:
            here = reverse("web:organized_booking", args=[event["eventId"], booking["bookingId"]])
            return redirect(request, here, note="refunded")
    return _shown(request, event, booking, payments, form, 422)


def _shown(
    request: HttpRequest, event: dict[str, Any], booking: dict[str, Any],
    payments: list[dict[str, Any]] | None, form: RefundForm | None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    facts = {"event": event, "payments": payments, "form": form, "booking": booking}
    return render(request, "web/organize/booking.html", facts, status)


def _form(payment: dict[str, Any]) -> RefundForm:
    known = {"how": "full", "payment": payment["paymentId"], "known": payment["refundedAmount"]}
    return RefundForm(initial=known, payment=payment)


def _too_high(payment: dict[str, Any]) -> str:
    amount = language.money(left(payment), payment["currency"])
    return _("That is more than what is left: %(amount)s.") % {"amount": amount}


def _booking(request: HttpRequest, event: dict[str, Any], booking_id: UUID) -> dict[str, Any]:
    """A booking of this event. Raises NotFound."""
    path = f"/bookings/events/{event['eventId']}"
    found = clients.get(request, "bookings", path, bookingId=str(booking_id))["items"]
    if not found:
        raise NotFound
    return dict(found[0])


def _payments(request: HttpRequest, booking_id: UUID | str) -> list[dict[str, Any]]:
    return list(clients.get(request, "payments", "/payments", **_of(booking_id))["items"])


def _of(booking_id: UUID | str) -> dict[str, Any]:
    return {"bookingId": str(booking_id), "limit": 100}
