"""My bookings: what is to come, what was, and what came to nothing."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from frontrow.web import clients
from frontrow.web.clients import Refused
from frontrow.web.page import page
from frontrow.web.rendering import render

UPCOMING, PAST, CANCELLED = "upcoming", "past", "cancelled"
TABS = ((UPCOMING, _("Upcoming")), (PAST, _("Past")), (CANCELLED, _("Cancelled")))
ENOUGH, AT_ONCE, ROUNDS = 10, 20, 10  # of a tab; of what bookings tells at once; of asking for more


@page(signed_in=True)
def bookings(request: HttpRequest) -> HttpResponse:
    """One tab of them, the newest first; of those to come, what happens first."""
    tab = request.GET.get("tab", "")
    tab = tab if tab in dict(TABS) else UPCOMING
    events = Events(request)
    found, cursor = _found(request, tab, events)
    if tab == UPCOMING:
        found.sort(key=_soonest)
    facts = {"tab": tab, "tabs": TABS, "items": found, "next": cursor, "events_away": events.away}
    return render(request, "web/bookings.html", facts)


def _found(request: HttpRequest, tab: str, events: "Events") -> tuple[list[dict[str, Any]], str | None]:
    """Bookings of a tab from the cursor on: bookings does not know which events are over, so we look."""
    found: list[dict[str, Any]] = []
    cursor: str | None = request.GET.get("cursor", "")
    for _round in range(ROUNDS):
        page = clients.get(request, "bookings", "/bookings", limit=AT_ONCE, cursor=cursor)
        cursor = page["nextCursor"]
        found += [each for each in (events.with_event(row, tab) for row in page["items"]) if each]
        if cursor is None or len(found) >= ENOUGH:
            break
    return found, cursor


class Events:
    """The events of bookings, each asked for once, and none any more when events is away."""

    def __init__(self, request: HttpRequest):
        self.request, self.known, self.away = request, {}, False  # type: ignore[var-annotated]

    def with_event(self, booking: dict[str, Any], tab: str) -> dict[str, Any] | None:
        """The booking with its event, if it belongs on this tab."""
        ended = booking["status"] in {"cancelled", "expired"}
        if ended != (tab == CANCELLED):
            return None
        event = self.of(booking["eventId"])
        over = (
            booking["status"] == "confirmed" and event is not None and event["endDate"] <= datetime.now(UTC)
        )
        belongs = ended or over == (tab == PAST)
        return {**booking, "event": event} if belongs else None

    def of(self, event_id: str) -> dict[str, Any] | None:
        """An event; None if it is not ours to see, or while nobody can tell."""
        if event_id not in self.known and not self.away:
            self.known[event_id] = self._asked(event_id)
        found: dict[str, Any] | None = self.known.get(event_id)
        return found

    def _asked(self, event_id: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] | None = clients.maybe(self.request, "events", f"/events/{event_id}")
        except Refused:
            return None
        self.away = found is None
        return found


def _soonest(booking: dict[str, Any]) -> tuple[bool, datetime]:
    """Holds first, for they wait to be paid; then by when the event begins."""
    event = booking["event"]
    return booking["status"] != "held", event["date"] if event else booking["bookingDate"]
