"""What search engines may read, and where to begin."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from frontrow.web import clients
from frontrow.web.event import address
from frontrow.web.page import page

MOST, PER_QUESTION, KEPT_SECONDS = 5000, 100, 600
PRIVATE = ("/my", "/organize", "/account", "/signin", "/signup", "/pay", "/found", "/e/*/left")
API = ("/events", "/bookings", "/payments", "/refunds", "/notifications", "/reviews", "/profile", "/openapi")


@page
def sitemap(request: HttpRequest) -> HttpResponse:
    """All that is on, at most 5 000; a few minutes old, as it is many questions to events."""
    found = cache.get("web:sitemap")
    if found is None:
        found = "\n".join(_lines(request))
        cache.set("web:sitemap", found, KEPT_SECONDS)
    return HttpResponse(found, content_type="application/xml; charset=utf-8")


@page
def robots(request: HttpRequest) -> HttpResponse:
    """What is a person's, or the API's, is not for search engines."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in (*PRIVATE, *API))]
    lines += ["", f"Sitemap: {_site()}/sitemap.xml", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def _lines(request: HttpRequest) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    yield f"<url><loc>{escape(_site())}/</loc></url>"
    for event in islice(_events(request), MOST):
        changed = event["updatedAt"].isoformat(timespec="seconds")
        yield f"<url><loc>{escape(_site() + address(event))}</loc><lastmod>{changed}</lastmod></url>"
    yield "</urlset>\n"


def _events(request: HttpRequest) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        told = clients.get(request, "events", "/events", limit=PER_QUESTION, cursor=cursor)
        yield from told["items"]
        if not (cursor := told["nextCursor"] or ""):
            return


def _site() -> str:
    return str(settings.ENVIRONMENT.public_url).rstrip("/")
