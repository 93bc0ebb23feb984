"""Pages for when something is wrong: what happened, and what to do next."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from frontrow.web import rendering, visitor
from frontrow.web.clients import Refused
from frontrow.web.session import SessionOver
from frontrow.web.visitor import Visitor

RETRY_SECONDS = 5


def wants_page(request: HttpRequest) -> bool:
    """Whether a browser asks, rather than a program."""
    return "text/html" in request.headers.get("Accept", "")


def not_found(request: HttpRequest) -> HttpResponse:
    return shown(request, HTTPStatus.NOT_FOUND)


def forbidden(request: HttpRequest) -> HttpResponse:
    return shown(request, HTTPStatus.FORBIDDEN)


def bad_request(request: HttpRequest) -> HttpResponse:
    return shown(request, HTTPStatus.BAD_REQUEST)


def malformed(request: HttpRequest) -> HttpResponse:
    """What was sent cannot be read. Nobody is asked who sent it."""
    rendering.prepare(request, Visitor.unknown(request))
    return shown(request, HTTPStatus.BAD_REQUEST)


def broken(request: HttpRequest) -> HttpResponse:
    """Something of ours is wrong; the page names the request, so that it can be found. It asks nobody."""
    rendering.prepare(request, Visitor.unknown(request))
    return shown(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def unavailable(request: HttpRequest) -> HttpResponse:
    answer = shown(request, HTTPStatus.SERVICE_UNAVAILABLE)
    answer["Retry-After"] = str(RETRY_SECONDS)
    return answer


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """A refusal that no page explains better."""
    known = refusal.status in {403, 404, 429}
    answer = shown(
        request, HTTPStatus(refusal.status if known else 400), wait=refusal.facts.get("retryAfter")
    )
    if refusal.status == HTTPStatus.TOO_MANY_REQUESTS:
        answer["Retry-After"] = str(refusal.facts.get("retryAfter", RETRY_SECONDS))
    return answer


def shown(request: HttpRequest, status: HTTPStatus, **facts: Any) -> HttpResponse:
    """The page for a status, also if the session turns out to have ended; that is forgotten then."""
    who = visitor.of(request)
    told = {"status": status.value, **facts}
    with translation.override(who.language):
        try:
            return rendering.render(request, "web/error.html", told, status.value)
        except SessionOver:
            who.session = None
            return rendering.render(request, "web/error.html", told, status.value)
