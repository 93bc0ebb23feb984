"""An event: what it is, when and where, what can be booked, and what people say of it."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from frontrow.chassis import language
from frontrow.web import clients, described, panel, said, visitor
from frontrow.web.discovery import category_name
from frontrow.web.page import page
from frontrow.web.rendering import render
from frontrow.web.templatetags.web import slug, when

MAP = "https://www.openstreetmap.org/search?query="
MOST_ALIKE = 4


@page
def event(request: HttpRequest, event_id: UUID, name: str = "") -> HttpResponse:
    """The page of an event, at its one address."""
    found = _event(request, event_id)
    if name != slug(found["title"]):
        query = request.META["QUERY_STRING"]
        return HttpResponse(status=301, headers={"Location": address(found) + (query and f"?{query}")})
    facts = {**_facts(request, found), "panel": panel.of_event(request, found)}
    if facts["over"] or found["rating"]["count"]:
        facts["reviews"] = said.of_event(request, str(event_id))
    return render(request, "web/event.html", facts)


@page
def left(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """What is left, for an open page that tells what it shows: nothing, the numbers, or the whole panel."""
    found, was = _event(request, event_id), request.GET.get("was", "")
    now = panel.of_event(request, found)
    if was == now.version:
        return HttpResponse(status=204)
    if now.follows(was):
        return render(request, "web/parts/event_left.html", {"event": found, "panel": now})
    answer = render(request, "web/parts/event_panel.html", {"event": found, "panel": now})
    answer["HX-Retarget"], answer["HX-Reswap"] = "#tickets", "outerHTML"
    return answer


@page
def reviews(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """A page of reviews, as part of an event's page; the first with what is above them."""
    found = _event(request, event_id)
    facts = {"event": found, "address": address(found), "reviews": said.of_event(request, str(event_id))}
    part = "reviews_more" if request.GET.get("cursor") else "reviews"
    return render(request, f"web/parts/{part}.html", facts)


def address(event: dict[str, Any]) -> str:
    """The path of an event's page."""
    return reverse("web:event", args=[event["eventId"], slug(event["title"])])


def _event(request: HttpRequest, event_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = clients.get(request, "events", f"/events/{event_id}")
    return found


def _facts(request: HttpRequest, event: dict[str, Any]) -> dict[str, Any]:
    """What is told of an event beside what can be booked, and what people say."""
    organizer = event["organizerId"]
    here = settings.ENVIRONMENT.public_url.rstrip("/") + address(event)
    name = said.names(request, [organizer]).get(organizer, "")
    return {
        "event": event, "organizer": name, "own": organizer == visitor.of(request).user_id,
        "same_day": when(event)["same_day"], "their_zone": _their_zone(request, event),
        "category": category_name(event["category"]), "map": MAP + quote(event["location"]),
        "address": address(event), "canonical": here, "over": event["endDate"] <= timezone.now(),
        "alike": _alike(request, event), "described": described.script(event, here, name),
        "summary": " ".join(event["description"].split()),
    }  # fmt: skip


def _their_zone(request: HttpRequest, event: dict[str, Any]) -> str:
    """The time zone of a visitor's account, if its clocks show another time than the event's."""
    zones = visitor.of(request).zone, event["timezone"]
    if not zones[0]:
        return ""
    here, there = (language.at(event["date"], zone).utcoffset() for zone in zones)
    return "" if here == there else zones[0]


def _alike(request: HttpRequest, event: dict[str, Any]) -> list[dict[str, Any]]:
    """Others that can be booked: by the same organiser first, then of the same kind."""
    now = timezone.now().replace(second=0, microsecond=0)  # so that many ask the same
    kinds: list[dict[str, Any]] = [{"organizerId": event["organizerId"]}, {"category": event["category"]}]
    found: dict[str, dict[str, Any]] = {}
    for kind in kinds:
        asked = {**kind, "from": (now + timedelta(minutes=1)).isoformat(), "limit": 2 * MOST_ALIKE}
        told = clients.maybe(request, "events", "/events", **asked) or {"items": []}
        found |= {each["eventId"]: each for each in told["items"] if _is_alternative(each, event)}
    return list(found.values())[:MOST_ALIKE]


def _is_alternative(other: dict[str, Any], event: dict[str, Any]) -> bool:
    return other["eventId"] != event["eventId"] and panel.state(other, timezone.now()) in {"open", "soon"}
