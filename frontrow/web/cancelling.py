"""Cancelling an event of mine, or dropping a draft: said plainly before, and confirmed."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from frontrow.web import clients
from frontrow.web.forms import Form
from frontrow.web.organize import own, page_of
from frontrow.web.page import page, redirect
from frontrow.web.rendering import render


class SureForm(Form):
    """A box to tick: cancelling cannot be taken back."""

    sure = forms.BooleanField(
        label=_("Yes, cancel this event for everybody"),
        error_messages={"required": _("Tick the box if you are sure.")},
    )


@page(signed_in=True, post=True)
def cancel_event(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """What cancelling does, in numbers; then do it."""
    event = own(request, event_id)
    if event["status"] == "cancelled":
        return redirect(request, page_of(event), note="event-is-cancelled")
    form = SureForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        clients.ask(request, "events", "DELETE", f"/events/{event_id}")
        if event["status"] == "draft":
            return redirect(request, reverse("web:organize"), note="draft-dropped")
        return redirect(request, page_of(event), note="event-cancelled")
    facts = {"event": event, "form": form, **_weight(request, event)}
    return render(request, "web/organize/cancel.html", facts, 422 if form.errors else 200)


def _weight(request: HttpRequest, event: dict[str, Any]) -> dict[str, Any]:
    """How many places and how much money it is about; None for what cannot be told now."""
    if event["status"] == "draft":
        return {}
    sales = clients.maybe(request, "bookings", f"/bookings/events/{event['eventId']}/sales")
    totals = clients.maybe(request, "payments", "/payments/totals", eventId=event["eventId"])
    money = [
        {"currency": each["currency"], "amount": each["taken"] - each["refunded"]} for each in totals["items"]
    ] if totals else []  # fmt: skip
    return {
        "sales": sales,
        "money": [each for each in money if each["amount"]],
        "totals_away": totals is None,
    }
