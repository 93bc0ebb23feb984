"""The design system on one page, for who builds pages."""

import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse

from frontrow.chassis.refusals import NotFound
from frontrow.web import errors
from frontrow.web.page import page
from frontrow.web.rendering import render
from frontrow.web.session import is_loopback

ERRORS = [400, 403, 404, 429, 500, 503]
STATUSES = ["held", "confirmed", "cancelled", "expired", "succeeded", "processing",
            "requires_action", "failed", "refunded", "partially_refunded"]  # fmt: skip


@page
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component, with an event to show. Only where Frontrow is developed: at a loopback address."""
    _only_here()
    soon = datetime.now(UTC) + timedelta(days=12)
    facts = {
        "events": [_event(soon, n) for n in range(6)],
        "icons": _icons(),
        "statuses": STATUSES,
        "errors": ERRORS,
    }
    return render(request, "web/styleguide.html", facts)


@page
def error(request: HttpRequest, status: int) -> HttpResponse:
    """The page for when something is wrong, with its status."""
    _only_here()
    if status not in ERRORS:
        raise NotFound
    return errors.shown(request, HTTPStatus(status))


def _only_here() -> None:
    if not is_loopback(settings.ENVIRONMENT.public_url):
        raise NotFound


def _icons() -> list[str]:
    """The names of all pictures of the sprite."""
    with open(str(finders.find("web/icons.svg"))) as file:
        return re.findall(r'symbol id="([a-z-]+)"', file.read())


def _event(date: datetime, number: int) -> dict[str, object]:
    titles = ["An Evening with Clara Schumann", "Typography for Engineers", "Nuit des Voix",
              "Bread from Scratch", "The Long Table", "Night Train to Lisbon"]  # fmt: skip
    categories = ["concert", "conference", "concert", "workshop", "food", "film"]
    kinds = [{"ticketTypeId": str(n), "name": name, "price": price, "currency": "EUR", "capacity": 40,
              "availability": left} for n, (name, price, left) in
             enumerate([("Stalls", 4500, 12), ("Balcony", 2900, 3), ("Standing", 1500, 0)])]  # fmt: skip
    return {
        "eventId": f"019a0000-0000-7000-8000-00000000000{number}", "title": titles[number],
        "category": categories[number], "location": "Konzerthaus, Berlin", "timezone": "Europe/Berlin",
        "date": date, "endDate": date + timedelta(hours=3), "status": "published", "capacity": 120,
        "availability": [15, 4, 0, 80, 15, 9][number], "ticketTypes": kinds, "cover": None,
        "rating": {"average": 4.5, "count": 12 * number},
    }  # fmt: skip
