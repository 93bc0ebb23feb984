"""From a choice to a hold: summed up, then booked once, however often it is sent."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from frontrow.chassis.refusals import NotFound, Unavailable
from frontrow.web import clients, visitor
from frontrow.web.choice import Choice
from frontrow.web.clients import Refused
from frontrow.web.page import page, redirect
from frontrow.web.rendering import render
from frontrow.web.session import SessionOver
from frontrow.web.templatetags.web import event_url

EXPLAINED = {
    "sold_out", "not_on_sale", "limit_reached", "event_not_found", "ticket_type_not_found",
    "ticket_type_required",
}  # fmt: skip
SOME = 4  # other events, beside a refusal


@page
def checkout(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """What was chosen, so that it is not lost while somebody signs in; then one button books it."""
    event = clients.get(request, "events", f"/events/{event_id}")
    choice = Choice.of(request.GET)
    if not choice:
        return redirect(request, event_url(event), note="choose")
    lines = choice.lines(event)
    if len(lines) < len(choice.items):
        return redirect(request, event_url(event), note="types-changed")
    newest, away = _newest(request, event_id)
    facts = {
        "event": event, "lines": lines, "amount": sum(line["sum"] for line in lines), "places": choice.places,
        "seen": newest["bookingId"] if newest else "", "here": choice.address(str(event_id)),
        "open": newest if newest and is_open(newest) else None, "away": away,
    }  # fmt: skip
    return render(request, "web/checkout.html", facts)


def _newest(request: HttpRequest, event_id: UUID) -> tuple[dict[str, Any] | None, bool]:
    """The newest booking of who looks, and whether nobody can tell."""
    if not visitor.of(request).signed_in:
        return None, False
    try:
        return newest_booking(request, event_id), False
    except Unavailable:
        return None, True


@page(post=True)
def book(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Book what was chosen, once; whose session has ended signs in first, and loses nothing of the choice."""
    who, choice = visitor.of(request), Choice.of(request.POST)
    if request.method != "POST" or not choice:
        return redirect(request, f"/e/{event_id}", note="choose" if request.method == "POST" else "")
    if not who.signed_in:
        return redirect(request, choice.address(str(event_id)))
    try:
        return _held(request, event_id, choice)
    except SessionOver:
        who.session = None
        return redirect(request, choice.address(str(event_id)))
    except Refused as refused:
        if refused.code not in EXPLAINED:
            raise
        return _explained(request, event_id, choice, refused)


def _held(request: HttpRequest, event_id: UUID, choice: Choice) -> HttpResponse:
    """Hold it, unless there is an open hold already, by a first click or another tab: more are held only by
    who was told of that one."""
    seen, newest = request.POST.get("seen", ""), newest_booking(request, event_id)
    if newest and is_open(newest) and newest["bookingId"] != request.POST.get("more"):
        return _already(request, str(event_id), choice, newest, seen)
    body, key = choice.body(str(event_id)), choice.key(str(event_id), seen)
    booking = clients.ask(request, "bookings", "POST", "/bookings", body, key)
    return redirect(request, f"/my/bookings/{booking['bookingId']}")


def _already(
    request: HttpRequest, event_id: str, choice: Choice, held: dict[str, Any], seen: str
) -> HttpResponse:
    """The hold there is; for another choice, the page where one decides whether it comes on top."""
    if Choice.booked(held) != choice:
        return redirect(request, choice.address(event_id))
    known = held["bookingId"] == seen
    return redirect(request, f"/my/bookings/{held['bookingId']}", note="already-held" if known else "")


def newest_booking(request: HttpRequest, event_id: UUID | str) -> dict[str, Any] | None:
    """This person's last booking of an event, whatever became of it."""
    found = clients.get(request, "bookings", "/bookings", eventId=str(event_id), limit=1)["items"]
    return found[0] if found else None


def is_open(booking: dict[str, Any]) -> bool:
    """Whether it is a hold that can still be paid."""
    return booking["status"] == "held" and booking["expiresAt"] > datetime.now(UTC)


def _explained(request: HttpRequest, event_id: UUID, choice: Choice, refused: Refused) -> HttpResponse:
    """Why not, and the best that can be done instead."""
    event = _event(request, event_id)
    if event and refused.code == "sold_out":
        event = choice.corrected(event)
    facts: dict[str, Any] = {"code": refused.code, "event": event, "choice": choice}
    if event:
        facts["offer"] = (
            choice.instead(event) if refused.code in {"sold_out", "ticket_type_not_found"} else []
        )
        facts["vague"] = choice.fits(event)
        facts["left_of_chosen"] = sum(line["availability"] for line in choice.lines(event))
        facts["starts_later"] = bool(event["salesStart"] and event["salesStart"] > datetime.now(UTC))
        facts["dates"], facts["like"] = _others(request, event)
    return render(request, "web/no_booking.html", facts, refused.status)


def _event(request: HttpRequest, event_id: UUID) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] | None = clients.maybe(request, "events", f"/events/{event_id}")
    except (Refused, NotFound):
        return None
    return found


def _others(request: HttpRequest, event: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Other dates of the same, and events like it, of which something is left."""
    asked = ({"organizerId": event["organizerId"], "q": event["title"]}, {"category": event["category"]})
    same, like = (clients.maybe(request, "events", "/events", limit=SOME * 3, **each) for each in asked)
    found = _available(same, {event["eventId"]})
    dates = [each for each in found if each["title"] == event["title"]][:SOME]
    known = {event["eventId"], *(each["eventId"] for each in dates)}
    return dates, _available(like, known)[:SOME]


def _available(found: dict[str, Any] | None, but: set[str]) -> list[dict[str, Any]]:
    items = found["items"] if found else []
    return [each for each in items if each["availability"] > 0 and each["eventId"] not in but]
