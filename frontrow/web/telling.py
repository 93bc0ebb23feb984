"""What an organiser says: to all who come, and in answer to a review."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontrow.chassis.refusals import NotFound
from frontrow.web import clients, said
from frontrow.web.clients import Refused
from frontrow.web.forms import Form, Lines
from frontrow.web.once import once, token
from frontrow.web.organize import own, page_of
from frontrow.web.page import page, redirect
from frontrow.web.rendering import render

REASONS: dict[str, tuple[str, str | Promise]] = {
    "event_cancelled": ("", gettext_lazy("This event is cancelled; everybody was told so.")),
    "too_many_requests": (
        "", gettext_lazy("You have written several times in a short while. Wait some minutes, then send."),
    ),
}  # fmt: skip
ANSWERED = {"already_answered": ("", gettext_lazy("This review has an answer already."))}


class MessageForm(Form):
    """A message to all who hold places."""

    wrong = {
        "subject": gettext_lazy("Use plain text on one line."),
        "message": gettext_lazy("Use plain text."),
    }
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=150)
    message = Lines(label=gettext_lazy("Message"), max_length=5000, widget=forms.Textarea(attrs={"rows": 8}))


class AnswerForm(Form):
    """An answer to a review."""

    wrong = {"comment": gettext_lazy("Use plain text.")}
    comment = Lines(
        label=gettext_lazy("Your answer"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )


@page(signed_in=True, post=True)
def message(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Write to everybody who holds places of my event."""
    event = own(request, event_id)
    if event["status"] == "draft":
        raise NotFound
    form = MessageForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        body = {**form.cleaned_data, "eventId": event["eventId"]}
        try:
            once(request, body, lambda: _announced(request, body))
            return redirect(request, page_of(event), note="message-sent")
        except Refused as refused:
            form.refuse(refused, REASONS)
    sales = clients.maybe(request, "bookings", f"/bookings/events/{event_id}/sales")
    facts = {"event": event, "form": form, "sales": sales, "token": token(request)}
    return render(request, "web/organize/message.html", facts, 422 if form.errors else 200)


def _announced(request: HttpRequest, body: dict[str, Any]) -> str:
    return str(clients.ask(request, "notifications", "POST", "/notifications", body)["announcementId"])


@page(signed_in=True, post=True)
def organized_reviews(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """What people say of my event, with room for an answer to each."""
    event, wrong = own(request, event_id), None
    if request.method == "POST":
        wrong = _answered(request)
        if wrong is None:
            here = reverse("web:organized_reviews", args=[event_id])
            return redirect(request, here, note="answered")
    found = clients.get(request, "reviews", f"/reviews/{event_id}", cursor=request.GET.get("cursor", ""))
    names = said.names(request, (each["userId"] for each in found["items"]))
    reviews = [
        {**each, "name": names.get(each["userId"]) or _("Somebody"), "form": _form(each, request, wrong)}
        for each in found["items"]
    ]
    facts = {"event": event, "found": found, "reviews": reviews}
    return render(request, "web/organize/reviews.html", facts, 422 if wrong else 200)


def _answered(request: HttpRequest) -> AnswerForm | None:
    """Send the answer; the form with what is wrong, if anything is."""
    review = _review(request)
    form = AnswerForm(request.POST, prefix=review)
    if not form.is_valid():
        return form
    try:
        clients.ask(request, "reviews", "POST", f"/reviews/{review}/answer", form.cleaned_data)
    except Refused as refused:
        form.refuse(refused, ANSWERED)
        return form
    return None


def _review(request: HttpRequest) -> str:
    try:
        return str(UUID(request.POST.get("review", "")))
    except ValueError:
        raise NotFound from None


def _form(review: dict[str, Any], request: HttpRequest, wrong: AnswerForm | None) -> AnswerForm:
    """An empty one, or the one that was sent for this review."""
    return wrong if wrong and wrong.prefix == review["reviewId"] else AnswerForm(prefix=review["reviewId"])
