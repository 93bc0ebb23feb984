"""The HTTP door of a service: strict parsing, named refusals, and OpenAPI that tells the truth."""

import json
import re
from collections.abc import Callable
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from frontrow.chassis import metrics, refusals
from frontrow.chassis.auth import Bearer
from frontrow.chassis.middleware import request_id
from frontrow.chassis.refusals import (
    BadRequest,
    BrokenJson,
    Invalid,
    NotFound,
    NotSignedIn,
    Refusal,
    Unavailable,
)

log = structlog.get_logger(__name__)


class TooLarge(Refusal):
    code, status, detail = "body_too_large", 413, "The body is larger than this service accepts."


OUTAGES = (OperationalError, InterfaceError)  # of the database
EVERYWHERE: tuple[type[Refusal], ...] = (BadRequest, BrokenJson, TooLarge, Invalid, Unavailable)


class StrictParser(Parser):
    """JSON as RFC 8259 has it, without NaN; an object, and no key twice in it."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        return parse(request.body)


def parse(text: bytes | bytearray) -> dict[str, Any]:
    """A body's JSON object. Raises BrokenJson, Invalid."""
    try:
        body = DECODER.decode(text.decode(json.detect_encoding(text), "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise BrokenJson from error
    if not isinstance(body, dict):
        raise Invalid(errors=[{"field": "", "message": "the body must be a JSON object"}])
    return body


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_unique_keys)
DOORS: dict[str, "Door"] = {}  # of this process, by service


class Door(NinjaAPI):
    """A service's part of the API. Access tokens are required unless a route says otherwise."""

    def __init__(self, service: str, description: str):
        super().__init__(
            title=f"Frontrow {service}", version="1", description=description, urls_namespace=service,
            docs_url=None, openapi_url=None, auth=Bearer(), parser=StrictParser(),
        )  # fmt: skip
        self.service = service
        DOORS[service] = self

    def set_default_exception_handlers(self) -> None:
        handlers: list[tuple[type[Exception], Callable[[HttpRequest, Any], HttpResponse]]] = [
            (Refusal, _refuse),
            (ValidationError, lambda request, error: _refuse(request, Invalid(errors=_fields(error)))),
            (AuthenticationError, lambda request, error: _refuse(request, NotSignedIn())),
            (Http404, lambda request, error: _refuse(request, NotFound())),
            (RequestDataTooBig, lambda request, error: _refuse(request, TooLarge())),
            (HttpError, _unparsed),
            (SuspiciousOperation, lambda request, error: _refuse(request, BadRequest())),
            (MultiPartParserError, lambda request, error: _refuse(request, BadRequest())),
            *((kind, _outage) for kind in OUTAGES),
            (Exception, fault),
        ]
        for kind, handler in handlers:
            self.add_exception_handler(kind, handler)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return to_camel(operation.view_func.__name__)

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        schema = super().get_openapi_schema(path_prefix="", **kwargs)
        schema["components"].setdefault("schemas", {})["Problem"] = PROBLEM
        schema["paths"] = {_camel_path(path): item for path, item in schema["paths"].items()}
        for item in schema["paths"].values():
            for operation in item.values():
                if {"MaybeBearer": []} in operation.get("security", []):
                    operation["security"] = [{}, {"MaybeBearer": []}]
                for parameter in operation["parameters"]:
                    if parameter["in"] == "path":
                        parameter["name"] = to_camel(parameter["name"])
        return schema


def answers(status: int, body: type[BaseModel] | None, *refused: type[Refusal]) -> dict[str, Any]:
    """Route options: the answer on success, and the refusals that a client must expect."""
    by_status: dict[int, list[str]] = {}
    for refusal in (*EVERYWHERE, *refused):
        by_status.setdefault(refusal.status, []).append(refusal.code)
    content = {refusals.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses = {s: {"description": ", ".join(codes), "content": content} for s, codes in by_status.items()}
    return {"response": {status: body}, "by_alias": True, "openapi_extra": {"responses": responses}}


def _camel_path(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: "{" + to_camel(match[1]) + "}", path)


def _refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    metrics.REFUSALS.labels(refusal.code).inc()
    return refusal.answer(request_id())


def _unparsed(request: HttpRequest, error: HttpError) -> HttpResponse:
    cause = error.__cause__
    return _refuse(request, cause if isinstance(cause, Refusal) else BadRequest())


def _outage(request: HttpRequest, error: Exception) -> HttpResponse:
    return _refuse(request, outage(error))


def outage(error: Exception) -> Unavailable:
    """Say loudly that the database is away; what the client is told."""
    metrics.FAULTS.labels("database").inc()
    log.error("database_outage", exc_info=error)
    return Unavailable()


class Fault(Refusal):
    """No refusal, but what a client is told when there is a bug."""

    code, status = "internal_error", 500
    detail = "Something broke on our side. Tell us the requestId if it goes on."


def fault(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Answer a request that met a bug."""
    return broken(error).answer(request_id())


def broken(error: BaseException) -> Fault:
    """Say loudly that there is a bug; what the client is told: only the request's id."""
    metrics.FAULTS.labels("request").inc()
    log.error("fault", exc_info=error)
    return Fault()


def _fields(error: ValidationError) -> list[dict[str, str]]:
    return [wrong(_field(e["loc"]), e["msg"]) for e in error.errors]


def wrong(field: str, message: str) -> dict[str, str]:
    """A field's error as clients are told of it."""
    return {"field": field, "message": message.removeprefix("Value error, ")}


def _field(place: tuple[Any, ...]) -> str:
    """The client's name of a field: without where it was found and our parameter's name."""
    skip = 2 if place[:1] == ("body",) or place == ("query", "query") else 1
    return ".".join(str(part) for part in place[skip:])


PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem document",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "requestId": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
