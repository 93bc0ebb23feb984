"""The API's own description: OpenAPI of each service, and a page to browse it that needs no network."""

import json
from pathlib import Path

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontrow.chassis.api import DOORS, Door
from frontrow.chassis.environment import SERVICES
from frontrow.chassis.refusals import NotFound


def door_of(service: str) -> Door:
    """A service's door. Raises NotFound if this process has no such service."""
    if service not in DOORS:
        raise NotFound
    return DOORS[service]


@require_safe
def openapi(request: HttpRequest, service: str) -> HttpResponse:
    """The OpenAPI document of a service."""
    return JsonResponse(door_of(service).get_openapi_schema())


@require_safe
def page(request: HttpRequest, service: str | None = None) -> HttpResponse:
    """The browsable documents, one service at a time; those elsewhere answer at the shared address."""
    chosen = service or next(iter(DOORS), "")
    swagger = {"url": f"/openapi/{chosen}.json", "deepLinking": True, "layout": "BaseLayout"}
    facts = {"api": door_of(chosen), "services": SERVICES, "swagger_settings": json.dumps(swagger)}
    return render(request, "chassis/docs.html", facts)


def export(folder: Path) -> None:
    """Write each service's OpenAPI document to a folder, for contracts/http/."""
    for service, door in DOORS.items():
        document = json.dumps(door.get_openapi_schema(), indent=2, sort_keys=True)
        (folder / f"{service}.json").write_text(document + "\n")
