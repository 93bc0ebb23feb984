"""An event's page for its organiser: how it stands, what it sold, what to do next."""

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from frontrow.chassis import language
from frontrow.web import chart, clients
from frontrow.web.organize import own
from frontrow.web.page import page
from frontrow.web.rendering import render


@page(signed_in=True)
def organized(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Sales over time, stock, money; for a draft, what is still to be done."""
    event = own(request, event_id)
    facts: dict[str, Any] = {"event": event, "over": event["endDate"] <= timezone.now()}
    if event["status"] != "draft":
        facts |= _sold(request, event)
    return render(request, "web/organize/event.html", facts)


def _sold(request: HttpRequest, event: dict[str, Any]) -> dict[str, Any]:
    place, zone = event["eventId"], event["timezone"]
    sales = clients.maybe(request, "bookings", f"/bookings/events/{place}/sales", timezone=zone)
    totals = clients.maybe(request, "payments", "/payments/totals", eventId=place)
    days = [{**day, "when": _noon(date.fromisoformat(day["date"]))} for day in sales["days"]] if sales else []
    return {
        "sales": sales, "money": totals and totals["items"], "totals_away": totals is None, "days": days,
        "chart": chart.drawn({day["when"]: day["places"] for day in days}, _last_day(event)),
        "kinds": [{**kind, "sold": kind["capacity"] - kind["availability"]} for kind in event["ticketTypes"]],
        "taken": event["capacity"] - event["availability"],
    }  # fmt: skip


def _last_day(event: dict[str, Any]) -> datetime:
    """Today, or the day the sales ended, where the event takes place."""
    end = min(timezone.now(), event["salesEnd"])
    return _noon(language.at(end, event["timezone"]).date())


def _noon(day: date) -> datetime:
    """A day as a moment that shows as this day."""
    return datetime.combine(day, time(12), UTC)
