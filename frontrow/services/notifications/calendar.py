"""Calendar entries for tickets (RFC 5545, 5546): one for each booking, on the clock of the event's place."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import STATUS, Calendar, Event, vCalAddress, vText

PUBLISH, CANCEL = "PUBLISH", "CANCEL"
YEAR = timedelta(days=366)


def entries(
    event: dict[str, Any],
    bookings: Iterable[UUID],
    method: str,
    site: str,
    sender: tuple[str, str],
    now: datetime,
) -> bytes:
    """A calendar that adds, moves or (CANCEL) takes away the entries of these bookings.

    An entry keeps its UID; its SEQUENCE grows with the event's version, and once more when it is cancelled.
    `site` is the address of this Frontrow, `sender` the name and address that mail comes from.
    """
    calendar = Calendar.new(prodid="-//Frontrow//Tickets//EN", method=method)
    for booking in bookings:
        calendar.add_component(_entry(event, booking, method == CANCEL, site, sender, now))
    first, last = (datetime.fromisoformat(event[name]).date() for name in ("date", "endDate"))
    calendar.add_missing_timezones(first - YEAR, last + YEAR)  # not decades of changes of the clock
    return calendar.to_ical()


def _entry(
    event: dict[str, Any], booking: UUID, cancelled: bool, site: str, sender: tuple[str, str], now: datetime
) -> Event:
    zone = ZoneInfo(event["timezone"])
    organizer = vCalAddress(f"mailto:{sender[1]}")
    organizer.params["CN"] = vText(sender[0] or "Frontrow")
    return Event.new(
        uid=f"{booking}@{urlsplit(site).hostname}", sequence=event["version"] * 2 + cancelled, stamp=now,
        start=datetime.fromisoformat(event["date"]).astimezone(zone),
        end=datetime.fromisoformat(event["endDate"]).astimezone(zone),
        summary=event["title"], location=event["location"], url=f"{site}/my/bookings/{booking}",
        organizer=organizer, status=STATUS.CANCELLED if cancelled else STATUS.CONFIRMED,
    )  # fmt: skip
