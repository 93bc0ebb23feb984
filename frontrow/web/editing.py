"""Describing an event: a new one, a copy of one, one that stands; and how it will look."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from frontrow.chassis.refusals import Unavailable
from frontrow.web import clients, entered, languages, ticket_types, visitor
from frontrow.web.clients import Refused
from frontrow.web.entry import Entry
from frontrow.web.once import once, token
from frontrow.web.organize import own, page_of
from frontrow.web.page import action, page, redirect
from frontrow.web.rendering import render
from frontrow.web.ticket_types import MOST_TYPES

log = structlog.get_logger(__name__)


@page(signed_in=True, post=True)
def new_event(request: HttpRequest) -> HttpResponse:
    """A new event, or a copy of one of mine."""
    if request.method != "POST":
        return _shown(request, _blank(request), None)
    return _still_entering(request, None) or _sent(request, None)


@page(signed_in=True, post=True)
def edit_event(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Change an event of mine."""
    event = own(request, event_id)
    if event["status"] == "cancelled":
        return redirect(request, page_of(event), note="event-is-cancelled")
    if request.method != "POST":
        return _shown(request, Entry.of(event), event)
    return _still_entering(request, event) or _sent(request, event)


@action
def preview_event(request: HttpRequest) -> HttpResponse:
    """How the event would look in the list, as far as it is entered."""
    return render(request, "web/organize/preview.html", {"preview": _picture(request.POST, None)})


def _blank(request: HttpRequest) -> Entry:
    try:
        return Entry.like(own(request, UUID(request.GET.get("from", ""))))
    except ValueError:  # not copied from anything
        return Entry.new(visitor.of(request).zone)


def _still_entering(request: HttpRequest, event: dict[str, Any] | None) -> HttpResponse | None:
    """The form again, with a ticket type more or less, or a preview; None if it is to be kept."""
    wish, _, number = request.POST.get("do", "").partition("-")
    rows: list[dict[str, str]] = ticket_types.entered_rows(request.POST)
    if wish == "add" and len(rows) < MOST_TYPES:
        rows.append({})
    elif wish == "remove" and number.isdecimal() and int(number) < len(rows) > 1:
        del rows[int(number)]
    elif wish not in {"add", "remove", "preview"}:
        return None
    entry = Entry.filled(request.POST.dict(), rows, event, visitor.of(request).zone)
    if wish == "add":
        entry.rows[-1].fields["name"].widget.attrs["autofocus"] = True
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "web/organize/ticket_types.html", {"entry": entry, "did": wish})
    return _shown(request, entry, event, did=wish)


def _sent(request: HttpRequest, event: dict[str, Any] | None) -> HttpResponse:
    entry = Entry.sent(request.POST, request.FILES, event, visitor.of(request).zone)
    if not entry.is_right():
        return _shown(request, entry, event, status=422)
    try:
        kept, note = _kept(request, entry, event)
    except Refused as refused:
        if refused.code == "event_cancelled" and event:
            return redirect(request, page_of(event), note="event-is-cancelled")
        entry.refuse(refused)
        return _shown(request, entry, event, status=422)
    trouble = _cover(request, entry, kept)
    to = reverse("web:edit_event", args=[kept]) if trouble else reverse("web:organized", args=[kept])
    return redirect(request, to, note=trouble or note)


def _kept(request: HttpRequest, entry: Entry, event: dict[str, Any] | None) -> tuple[str, str]:
    """The id of the event as it stands now, and the note that tells what was done."""
    publish = request.POST.get("do") == "publish"
    if event is None:
        body = {**entry.told(), "status": "published" if publish else "draft"}
        made = once(request, body, lambda: clients.ask(request, "events", "POST", "/events", body)["eventId"])
        return made, "event-published" if publish else "draft-saved"
    body = {**entry.told(), **({"status": "published"} if publish else {})}
    clients.ask(request, "events", "PUT", f"/events/{event['eventId']}", body)
    return event["eventId"], "event-published" if publish and event["status"] == "draft" else "event-saved"


def _cover(request: HttpRequest, entry: Entry, event_id: str) -> str:
    """Give the event its picture, or take it away; the note of what is wrong with it, if anything is."""
    picture, found = f"/events/{event_id}/cover", entry.form.cleaned_data
    try:
        if found["cover"]:
            file = found["cover"]
            clients.ask(
                request, "events", "PUT", picture, files={"image": (file.name, file, file.content_type)}
            )
        elif found["remove_cover"]:
            clients.ask(request, "events", "DELETE", picture)
    except Refused:
        return "picture-refused"
    except Unavailable:
        log.warning("event_without_its_picture", event_id=event_id)
        return "picture-later"
    return ""


def _shown(
    request: HttpRequest, entry: Entry, event: dict[str, Any] | None, status: int = 200, did: str = ""
) -> HttpResponse:
    facets = clients.maybe(request, "events", "/events/facets")
    facts = {
        "entry": entry, "form": entry.form, "event": event, "did": did,
        "token": token(request),
        "categories": [each["name"] for each in facets["categories"]] if facets else [],
        "preview": _picture(_values(request, entry), event), "file_lost": bool(request.FILES),
    }  # fmt: skip
    return render(request, "web/organize/edit.html", facts, status)


def _values(request: HttpRequest, entry: Entry) -> Mapping[str, str]:
    """What stands in the fields."""
    if request.method == "POST":
        return request.POST
    rows = {f"{row.prefix}-{name}": value for row in entry.rows for name, value in row.initial.items()}
    return {**entry.form.initial, **rows}


def _picture(values: Mapping[str, str], event: dict[str, Any] | None) -> dict[str, Any]:
    """An event card's facts, of what was entered so far; None for what is not there yet."""
    zone, currency = values.get("zone", ""), values.get("currency", "")
    zone = zone if zone in languages.known_zones() else "UTC"
    prices = []
    for row in ticket_types.entered_rows(values):
        try:
            prices.append(entered.amount(row["price"], currency))
        except entered.Unreadable:
            continue
    try:
        date = entered.moment(values.get("starts", ""), zone)
    except entered.Unreadable:
        date = None
    return {
        "eventId": event["eventId"] if event else "", "cover": event.get("cover") if event else None,
        "title": values.get("title", ""), "category": values.get("category", ""),
        "location": values.get("location", ""), "date": date, "timezone": zone,
        "prices": sorted(prices), "currency": currency,
    }  # fmt: skip
