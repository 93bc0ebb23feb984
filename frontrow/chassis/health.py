"""Alive, ready, measured: what operators and orchestrators ask of a process."""

import ipaddress
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from frontrow.chassis import http
from frontrow.chassis.environment import PAGES, SERVICES
from frontrow.chassis.middleware import from_gateway, from_service
from frontrow.chassis.refusals import NotFound, Unavailable

log = structlog.get_logger(__name__)
ASK_SECONDS = 1.0  # to be reached by another service, and again for its answer


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when this process can do its work, 503 otherwise, with what is away.

    A service cannot without its database; the pages alone have none. Without the cache all are slower only.
    """
    ready = _owned()
    checks = {**({"database": ready} if settings.SERVICES else {}), "cache": _cache()}
    body = {"status": _word(ready), "services": _here(), "checks": _words(checks)}
    return JsonResponse(body, status=200 if ready else 503)


@require_safe
def all_ready(request: HttpRequest) -> HttpResponse:
    """200 when every service of the installation is ready, and its pages are, if it has any; else 503.

    For our own only.
    """
    if not (from_service(request) or from_gateway(request)):
        raise NotFound
    here = dict.fromkeys(_here(), _owned())
    elsewhere = [
        name for name in (*SERVICES, PAGES) if name not in here and (name != PAGES or _is_elsewhere(name))
    ]
    with ThreadPoolExecutor(len(SERVICES) + 1) as pool:
        asked = [pool.submit(copy_context().run, _is_ready, name) for name in elsewhere]
        found = dict(zip(elsewhere, (answer.result() for answer in asked), strict=True))
    states = _words(here | found)
    ready = set(states.values()) == {"ready"}
    return JsonResponse({"status": _word(ready), "services": states}, status=200 if ready else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text, for METRICS_NETWORKS only and never through a proxy."""
    peer = ipaddress.ip_address(request.META.get("REMOTE_ADDR") or "0.0.0.0")
    peer = getattr(peer, "ipv4_mapped", None) or peer
    proxied = {"X-Forwarded-For", "Forwarded", "X-Client-Address"} & set(request.headers)
    if proxied or not any(peer in network for network in settings.ENVIRONMENT.metrics_networks):
        raise NotFound
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _here() -> list[str]:
    """What this process serves."""
    return [*settings.SERVICES, *([PAGES] if settings.PAGES else [])]


def _owned() -> bool:
    """Whether what is here has what it needs."""
    return not settings.SERVICES or _database()


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        log.exception("database_away")
        return False
    return True


def _cache() -> bool:
    cache.set("readyz", "yes", 5)
    return bool(cache.get("readyz") == "yes")


def _is_elsewhere(service: str) -> bool:
    return bool(getattr(settings.ENVIRONMENT, f"{service}_url") != "in-process")


def _is_ready(service: str) -> bool:
    """Whether a service elsewhere is ready, and who answers at its address is that service."""
    if not _is_elsewhere(service):
        return False  # it is neither here nor at an address
    try:
        answer = http.ask(service, "GET", "/readyz", attempts=1, timeout=ASK_SECONDS)
        return answer.status_code == 200 and service in answer.json()["services"]
    except (Unavailable, ValueError, LookupError, TypeError) as failure:
        log.warning("service_away", service=service, why=str(failure))
        return False


def _words(states: dict[str, bool]) -> dict[str, str]:
    return {name: _word(ready) for name, ready in states.items()}


def _word(ready: bool) -> str:
    return "ready" if ready else "away"
