"""Saying how an event was, and what one has said so far."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from frontrow.web import clients, visitor
from frontrow.web.bookings import Events
from frontrow.web.clients import Refused
from frontrow.web.forms import Form, Lines
from frontrow.web.page import page, redirect
from frontrow.web.rendering import render
from frontrow.web.templatetags.web import event_url

WORDS: dict[str, str | Promise] = {
    "1": _("Bad"),
    "2": _("Poor"),
    "3": _("All right"),
    "4": _("Good"),
    "5": _("Great"),
}
REASONS: dict[str, tuple[str, str | Promise]] = {
    "event_not_over": ("", _("It is not over yet. Come back afterwards: your words will be welcome then.")),
    "not_an_attendee": (
        "",
        _("Only who had a ticket can review this event. Was it another account of yours?"),
    ),
    "already_reviewed": ("", _("You have reviewed this event already. A review is written once.")),
    "event_cancelled": ("", _("This event was cancelled, so there is nothing to review.")),
}


class ReviewForm(Form):
    rating = forms.TypedChoiceField(
        label=_("Your rating"), coerce=int, choices=list(WORDS.items()),
        error_messages={"required": _("Choose one to five stars.")},
    )  # fmt: skip
    comment = Lines(
        label=_("How was it?"), max_length=5000, widget=forms.Textarea({"rows": 6}),
        help_text=_("What would you have liked to know before? Everybody can read this, with your name."),
        error_messages={"required": _("Say a word or two about it.")},
    )  # fmt: skip


@page(signed_in=True, post=True)
def review(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Review an event that I attended."""
    event = clients.get(request, "events", f"/events/{event_id}")
    form = ReviewForm(request.POST or None)
    if request.method != "POST":
        return _shown(request, event, form)
    if not form.is_valid():
        return _shown(request, event, form, 422)
    try:
        clients.ask(request, "reviews", "POST", "/reviews", {"eventId": str(event_id), **form.cleaned_data})
    except Refused as refused:
        form.refuse(refused, REASONS)
        return _shown(request, event, form, refused.status)
    return redirect(request, event_url(event), note="reviewed")


def _shown(request: HttpRequest, event: dict[str, Any], form: Form, status: int = 200) -> HttpResponse:
    stars = [(value, WORDS[value]) for value in reversed(WORDS)]
    early = "event_cancelled" if event["status"] == "cancelled" else "event_not_over"
    closed = event["status"] == "cancelled" or event["endDate"] > datetime.now(UTC)
    facts = {
        "closed": REASONS[early][1] if closed else "",
        "event": event,
        "form": form,
        "stars": stars,
        "rated": str(form["rating"].value() or ""),
    }
    return render(request, "web/review.html", facts, status)


@page(signed_in=True)
def mine(request: HttpRequest) -> HttpResponse:
    """What I said, the newest first."""
    path = f"/reviews/user/{visitor.of(request).user_id}"
    found = clients.get(request, "reviews", path, cursor=request.GET.get("cursor", ""))
    events = Events(request)
    for each in found["items"]:
        each["event"] = events.of(each["eventId"])
    return render(request, "web/my_reviews.html", {"items": found["items"], "next": found["nextCursor"]})
