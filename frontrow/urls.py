"""Where everything answers: the services of this process at the root, as behind the gateway."""

import sys
from importlib import import_module

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path

from frontrow.chassis import api, docs, health, probes
from frontrow.chassis.middleware import request_id
from frontrow.chassis.refusals import BadRequest, NotFound

urlpatterns = [
    *probes.urlpatterns,
    path("internal/readyz", health.all_ready),
    path("docs", docs.page),
    path("docs/<str:service>", docs.page),
    path("openapi/<str:service>.json", docs.openapi),
    *([path("admin/", admin.site.urls)] if settings.ADMIN else []),
    *(path("", import_module(f"frontrow.services.{name}.api").door.urls) for name in settings.SERVICES),
]
if settings.PAGES:
    from frontrow.web import errors
    from frontrow.web import urls as pages

    urlpatterns = pages.urlpatterns + urlpatterns  # first: the API answers 404 at its root


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return errors.malformed(request) if _is_page(request) else BadRequest().answer(request_id())


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return pages.nowhere(request) if _is_page(request) else NotFound().answer(request_id())


def handler500(request: HttpRequest) -> HttpResponse:
    answer = api.fault(request, sys.exception() or RuntimeError("no exception at hand"))
    return errors.broken(request) if _is_page(request) else answer


def _is_page(request: HttpRequest) -> bool:
    return settings.PAGES and errors.wants_page(request)
