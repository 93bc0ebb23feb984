"""Alive, ready, measured: what operators and orchestrators ask of a process."""

import ipaddress

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from frontrow.chassis.refusals import NotFound

log = structlog.get_logger(__name__)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when everything this process needs answers, 503 otherwise, with what is away."""
    checks = {"database": _database(), "cache": _cache()}
    ready = all(checks.values())
    state = {name: "ready" if fine else "away" for name, fine in checks.items()}
    body = {"status": "ready" if ready else "away", "services": settings.SERVICES, "checks": state}
    return JsonResponse(body, status=200 if ready else 503)


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
    try:
        cache.set("readyz", "yes", 5)
        return bool(cache.get("readyz") == "yes")
    except Exception:
        log.exception("cache_away")
        return False
