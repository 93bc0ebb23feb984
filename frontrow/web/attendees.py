"""Who is coming to an event of mine: to look through, and to take along as a table."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from itertools import chain
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontrow.chassis import language
from frontrow.web import clients, entered
from frontrow.web.organize import own
from frontrow.web.page import page
from frontrow.web.rendering import render
from frontrow.web.templatetags.web import slug

MOST_WORDS, AT_ONCE = 200, 100
BYTE_ORDER_MARK = "\ufeff"  # by which Excel knows UTF-8
FORMULA = re.compile(  # also full-width, and after a ';', by which Excel parts cells in much of Europe
    '(?:^|(?<=;))(?=[\\s"\ufeff\u200b]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])'
)
STATES: dict[str, str | Promise] = {
    "confirmed": gettext_lazy("Confirmed"), "held": gettext_lazy("Held"),
    "cancelled": gettext_lazy("Cancelled"), "expired": gettext_lazy("Expired"),
}  # fmt: skip


@page(signed_in=True)
def people(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """All bookings of my event, narrowed by words and status, in pages."""
    event, asked = own(request, event_id), _asked(request)
    found = _page(request, event, request.GET.get("cursor", ""), asked)
    facts = {
        "event": event, "states": STATES.items(), **asked, "bookings": found["items"],
        "next": found["nextCursor"],
        "nameless": any(each["name"] is None for each in found["items"]),
    }  # fmt: skip
    part = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    return render(request, f"web/organize/{'people_found' if part else 'people'}.html", facts)


@page(signed_in=True)
def people_table(request: HttpRequest, event_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """The same as a CSV file, all pages of it."""
    event, asked = own(request, event_id), _asked(request)
    first = _page(request, event, "", asked, limit=AT_ONCE)  # a refusal is a page, not half a file
    head: list[object] = [
        _("Name"), _("E-mail"), _("Status"), _("Booked"), _("Tickets"), _("Number"), _("Amount"),
        _("Currency"), _("Booking"),
    ]  # fmt: skip
    states = {state: str(name) for state, name in STATES.items()}  # the language ends with this call
    rows = (_cells(each, event["timezone"], states) for each in _all(request, event, first, asked))
    answer = StreamingHttpResponse(_file(head, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slug(event["title"])}-people.csv"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def safe(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return FORMULA.sub("'", str(cell))


def _asked(request: HttpRequest) -> dict[str, str]:
    status = request.GET.get("status", "")
    words = " ".join(request.GET.get("q", "").split())[:MOST_WORDS]
    return {"status": status if status in STATES else "", "q": words}


def _page(
    request: HttpRequest, event: dict[str, Any], cursor: str, asked: dict[str, str], **more: int
) -> dict[str, Any]:
    path = f"/bookings/events/{event['eventId']}"
    found: dict[str, Any] = clients.get(request, "bookings", path, cursor=cursor, **asked, **more)
    return found


def _all(
    request: HttpRequest, event: dict[str, Any], found: dict[str, Any], asked: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """The bookings of this page and of all that follow. Who gets an error midway sees the download fail."""
    yield from found["items"]
    while found["nextCursor"]:
        found = _page(request, event, found["nextCursor"], asked, limit=AT_ONCE)
        yield from found["items"]


def _cells(booking: dict[str, Any], zone: str, states: dict[str, str]) -> list[object]:
    kinds = ", ".join(f"{item['quantity']} × {item['name']}" for item in booking["items"])
    return [
        booking["name"] or "", booking["email"] or "", states[booking["status"]],
        language.at(booking["bookingDate"], zone).strftime("%Y-%m-%d %H:%M"), kinds, booking["quantity"],
        entered.plain(booking["amount"], booking["currency"]), booking["currency"], booking["bookingId"],
    ]  # fmt: skip


def _file(head: list[object], rows: Iterator[list[object]]) -> Iterator[bytes]:
    yield BYTE_ORDER_MARK.encode()
    for row in chain([head], rows):
        line = StringIO()
        csv.writer(line).writerow([safe(cell) for cell in row])
        yield line.getvalue().encode()
