"""A page from its template, with what every page shows."""

from typing import Any

import structlog
from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as rendered
from django_htmx.middleware import HtmxDetails

from frontrow.chassis.middleware import request_id
from frontrow.web import clients, languages, notes, visitor
from frontrow.web.visitor import Visitor

log = structlog.get_logger(__name__)
AWAY, AWAY_SECONDS = "page:unread-away", 5  # for so long nobody is asked for a number that nobody knew


def prepare(request: HttpRequest, who: Visitor) -> Visitor:
    """Put on a request what pages look for there."""
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    request.visitor = who  # type: ignore[attr-defined]
    return who


def render(
    request: HttpRequest, template: str, facts: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """A page, or a part of one that htmx asked for."""
    who = visitor.of(request)
    if who.unread is None and not request.htmx:  # type: ignore[attr-defined]
        who.unread = _unread(request, who)
    always = {
        "visitor": who, "language": who.language, "languages": list(languages.NAMES.items()),
        "note": notes.note(request.GET.get("note", ""), request.path), "path": request.get_full_path(),
        "request_id": request_id(), "public_url": settings.ENVIRONMENT.public_url.rstrip("/"),
    }  # fmt: skip
    answer = rendered(request, template, {**always, **(facts or {})}, status=status)
    answer["Content-Language"], answer["Vary"] = who.language, "Accept-Language, Cookie"
    return answer


def _unread(request: HttpRequest, who: Visitor) -> int | None:
    """How many notifications they have not read; None if nobody can tell. Raises SessionOver."""
    if not who.signed_in or who.is_stale or caches["local"].get(AWAY):
        return None
    try:
        told = clients.maybe(request, "notifications", f"/notifications/{who.user_id}/unread")
    except clients.Refused as refused:
        log.warning("unread_refused", code=refused.code)
        return None
    if told is None:
        caches["local"].set(AWAY, True, AWAY_SECONDS)
        return None
    return int(told["unread"])
