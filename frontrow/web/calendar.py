"""An event as an entry for calendars (RFC 5545), on the clock of its place."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from icalendar import STATUS, Calendar, Event

from frontrow.web import clients
from frontrow.web.event import address
from frontrow.web.page import page
from frontrow.web.templatetags.web import slug

YEAR, MINUTE = timedelta(days=366), 60


@page
def calendar(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """A file that calendars take; a later one replaces the entry of an earlier one."""
    event = clients.get(request, "events", f"/events/{event_id}")
    headers = {"Content-Disposition": f'attachment; filename="{slug(event["title"])}.ics"'}
    return HttpResponse(_entry(event), content_type="text/calendar; charset=utf-8", headers=headers)


def _entry(event: dict[str, Any]) -> bytes:
    """With the changes of the place's clock around the event, and not those of decades."""
    zone, site = ZoneInfo(event["timezone"]), settings.ENVIRONMENT.public_url.rstrip("/")
    cancelled = event["status"] == "cancelled"
    entry = Event.new(
        uid=f"{event['eventId']}@{urlsplit(site).hostname}", stamp=event["updatedAt"],
        last_modified=event["updatedAt"], sequence=int(event["updatedAt"].timestamp()) // MINUTE,
        start=event["date"].astimezone(zone), end=event["endDate"].astimezone(zone),
        summary=event["title"], description=event["description"], location=event["location"],
        url=site + address(event), status=STATUS.CANCELLED if cancelled else STATUS.CONFIRMED,
    )  # fmt: skip
    found = Calendar.new(prodid="-//Frontrow//Events//EN", method="PUBLISH")
    found.add_component(entry)
    found.add_missing_timezones((event["date"] - YEAR).date(), (event["endDate"] + YEAR).date())
    return bytes(found.to_ical())
