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
from frontrow.chassis.environment import SERVICES
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

    It cannot without its database; without its cache it is slower only.
    """
    checks = {"database": _database(), "cache": _cache()}
    ready = checks["database"]
    body = {"status": _word(ready), "services": settings.SERVICES, "checks": _words(checks)}
    return JsonResponse(body, status=200 if ready else 503)


@require_safe
def all_ready(request: HttpRequest) -> HttpResponse:
    """200 when every service of the installation is ready, 503 otherwise; for our own only."""
    if not (from_service(request) or from_gateway(request)):
        raise NotFound
    here, elsewhere = _database(), [name for name in SERVICES if name not in settings.SERVICES]
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        asked = [pool.submit(copy_context().run, _is_ready, name) for name in elsewhere]
        found = dict(zip(elsewhere, (answer.result() for answer in asked), strict=True))
    states = _words({name: found.get(name, here) for name in SERVICES})
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


def _is_ready(service: str) -> bool:
    """Whether a service elsewhere is ready, and who answers at its address is that service."""
    if getattr(settings.ENVIRONMENT, f"{service}_url") == "in-process":
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
