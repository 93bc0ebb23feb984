"""What happens around every request: its id and log line, safe headers, problem documents."""

import hmac
import ipaddress
import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from frontrow.chassis import metrics
from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import CONTENT_TYPE, Refusal, problem
from frontrow.chassis.trace import HEADER as TRACEPARENT
from frontrow.chassis.trace import trace_told

log = structlog.get_logger(__name__)
INTERNAL_HEADER, CLIENT_ADDRESS = "X-Frontrow-Internal", "X-Client-Address"  # among our own
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
PROBES = {"healthz", "readyz", "metrics"}  # asked every few seconds: worth a line only when they fail
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
LOGGED_PATH = "frontrow.logged_path"  # of a request's META: instead of an address that is a secret
POLICY_HEADER = "Content-Security-Policy"
POLICY = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
SAFE = {
    "Referrer-Policy": "same-origin",
}
OF_GATEWAY = {  # which says them of every answer itself (gateway/said.conf), and need not read them in each
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
TEXT = {  # not text/plain: /metrics is asked for all the time, from nearby
    "text/html", "text/css", "text/csv", "text/calendar", "text/javascript",
    "application/json", "application/problem+json", "application/xml", "image/svg+xml",
}  # fmt: skip
Next = Callable[[HttpRequest], HttpResponse]


def request_id() -> str | None:
    """The id of the request this code works for, if any."""
    return get_contextvars().get("request_id")


def client_address(request: HttpRequest) -> str:
    """The client's IP address: the peer's, unless our gateway or another of our services tells another's."""
    told = request.headers.get(CLIENT_ADDRESS, "")
    if from_gateway(request) or (told and from_service(request)):
        return str(ipaddress.ip_address(told))
    return str(request.META.get("REMOTE_ADDR", ""))


def from_service(request: HttpRequest) -> bool:
    """Whether another of our services asks."""
    return _is(request.headers.get(INTERNAL_HEADER, ""), settings.ENVIRONMENT.derived_secret("internal"))


def from_gateway(request: HttpRequest) -> bool:
    """Whether our gateway asks, by itself or for a client."""
    secret, given = settings.ENVIRONMENT.gateway_secret, request.headers.get("X-Gateway-Secret", "")
    return secret is not None and _is(given, secret.get_secret_value())


def _is(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), secret.encode())


def id_of(headers: Any) -> str:
    """The id that came with a request, or else the trace that it continues, or a new one."""
    told = headers.get("x-request-id") or ""
    return told if REQUEST_ID.fullmatch(told) else trace_told(headers.get(TRACEPARENT) or "") or str(new_id())


def allow(page: HttpResponse, **sources: str) -> None:
    """Let a page have what it is made of from elsewhere, too: script_src="https://…"."""
    added = "".join(f"; {kind.replace('_', '-')} 'self' {origins}" for kind, origins in sources.items())
    page[POLICY_HEADER] = PAGE_POLICY + added


class RequestContext:
    """Gives each request an id, and says and counts how it ended."""

    def __init__(self, get_response: Next):
        self.get_response = get_response
        metrics.THREADS.set(settings.ENVIRONMENT.threads)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        clear_contextvars()
        bind_contextvars(request_id=id_of(request.headers))
        began = time.perf_counter()
        with metrics.IN_FLIGHT.track_inprogress():
            response = self.get_response(request)
        self._account(request, response, time.perf_counter() - began)
        if not from_gateway(request):  # which says it itself
            response["X-Request-ID"] = request_id() or ""
        return response

    def _account(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        route = request.resolver_match.route if request.resolver_match else "none"
        method = request.method if request.method in METHODS else "other"
        metrics.REQUESTS.labels(route, method, response.status_code).inc()
        metrics.REQUEST_SECONDS.labels(route).observe(seconds)
        level = log.debug if route in PROBES else log.info
        if response.status_code >= 500:
            level = log.error
        path = request.META.get(LOGGED_PATH, request.path)
        level("request", method=request.method, path=path, route=route, status=response.status_code,
              milliseconds=round(seconds * 1000, 1))  # fmt: skip


class Packed(GZipMiddleware):
    """Compresses text for who can read that: browsers, and the gateway where it keeps the answer for many."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.get("Content-Type", "").partition(";")[0]
        return super().process_response(request, response) if kind in TEXT else response


class SafeHeaders:
    """Headers that keep browsers from doing what we never want."""

    def __init__(self, get_response: Next):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        page = response.get("Content-Type", "").startswith("text/html")
        response.headers.setdefault(POLICY_HEADER, PAGE_POLICY if page else POLICY)
        for name, value in (SAFE if from_gateway(request) else SAFE | OF_GATEWAY).items():
            response.setdefault(name, value)
        if not response.has_header("Cache-Control") and not request.path.startswith(settings.STATIC_URL):
            response["Cache-Control"] = "no-store"
        return response


class Problems:
    """Turns refusals of plain views, and wrong methods, into problem documents."""

    def __init__(self, get_response: Next):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or response.get("Content-Type") == CONTENT_TYPE:
            return response
        answer = problem(405, "method_not_allowed", f"Allowed here: {response['Allow']}.", request_id())
        answer["Allow"] = response["Allow"]
        return answer

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        return fault.answer(request_id()) if isinstance(fault, Refusal) else None
