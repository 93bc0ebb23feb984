"""What I organise: my events, and what they have sold."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from frontrow.chassis.refusals import NotFound
from frontrow.web import clients, visitor
from frontrow.web.page import action, page, redirect
from frontrow.web.rendering import render

GROUPS: dict[str, str | Promise] = {"upcoming": _("Upcoming"), "drafts": _("Drafts"), "past": _("Past")}
MOST_SUMMED = 500  # bookings tells the sales of the newest only
RUNNING = timedelta(days=3)  # an event that began so long ago may not be over


@page(signed_in=True)
def organize(request: HttpRequest) -> HttpResponse:
    """My events with sales at a glance; those that are not over first."""
    group = request.GET.get("show", "")
    group = group if group in GROUPS else "upcoming"
    found = clients.get(request, "events", "/events", **_question(request, group))
    sales = clients.maybe(request, "bookings", "/bookings/sales")
    sold = {each["eventId"]: each for each in sales["items"]} if sales else {}
    over = [event["endDate"] <= timezone.now() for event in found["items"]]
    shown = [each for each, gone in zip(found["items"], over, strict=True) if group != "upcoming" or not gone]
    rows = [{"event": event, "sold": _sold(event, sold)} for event in shown]
    facts = {
        "groups": GROUPS.items(), "group": group, "rows": rows, "next": found["nextCursor"],
        "money": _money(sold.values()), "tickets": sum(each["confirmed"] for each in sold.values()),
        "listed": len(sold), "newest_only": len(sold) >= MOST_SUMMED, "sales_away": sales is None,
    }  # fmt: skip
    return render(request, "web/organize/events.html", facts)


@action
def publish(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Put a draft on sale."""
    event = own(request, event_id)
    try:
        clients.ask(request, "events", "PUT", f"/events/{event_id}", {"status": "published"})
    except clients.Refused as refused:
        if not refused.errors:
            raise
        return redirect(request, reverse("web:edit_event", args=[event_id]), note="not-publishable")
    return redirect(request, page_of(event), note="event-published")


def own(request: HttpRequest, event_id: UUID) -> dict[str, Any]:
    """An event of mine. Raises NotFound for another's, as if it did not exist."""
    event: dict[str, Any] = clients.get(request, "events", f"/events/{event_id}")
    if event["organizerId"] != visitor.of(request).user_id:
        raise NotFound
    return event


def page_of(event: Mapping[str, Any]) -> str:
    """The address of an event's page for its organiser."""
    return reverse("web:organized", args=[event["eventId"]])


def _question(request: HttpRequest, group: str) -> dict[str, str]:
    now = timezone.now()
    when = {
        "upcoming": {"from": (now - RUNNING).isoformat()},
        "past": {"to": now.isoformat(), "sort": "-date"},
        "drafts": {"status": "draft"},
    }
    me, cursor = visitor.of(request).user_id, request.GET.get("cursor", "")
    return {"organizerId": me, "cursor": cursor, **when[group]}


def _sold(event: Mapping[str, Any], sold: Mapping[str, Any]) -> dict[str, Any] | None:
    """What an event has sold; None if that cannot be told now."""
    if event["status"] == "draft":
        return None
    return sold.get(event["eventId"])


def _money(sold: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What was sold in each currency, the largest sum first."""
    sums: dict[str, int] = {}
    for each in sold:
        sums[each["currency"]] = sums.get(each["currency"], 0) + each["amount"]
    ordered = sorted(sums.items(), key=lambda item: -item[1])
    return [{"currency": currency, "amount": amount} for currency, amount in ordered if amount]
