"""Asking the services as a visitor."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
import structlog
from django.http import HttpRequest

from frontrow.chassis import http, metrics
from frontrow.chassis.refusals import Unavailable
from frontrow.web import visitor
from frontrow.web.session import SessionOver

log = structlog.get_logger(__name__)
TIMES = {
    "date", "endDate", "createdAt", "updatedAt", "salesStart", "salesEnd", "cancelUntil", "bookingDate",
    "expiresAt", "endedAt", "paymentDate", "readAt",
}  # fmt: skip
BRIEF_SECONDS = 2.0  # that a page waits for each thing it can do without


class Refused(Exception):
    """A service said no: its stable code, HTTP status, sentence (in English), and errors by field."""

    def __init__(self, status: int, problem: Mapping[str, Any]):
        super().__init__(f"{status} {problem.get('code')}")
        self.status, self.code = status, str(problem.get("code", ""))
        self.detail, self.facts = str(problem.get("detail", "")), dict(problem)

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong with which field, named as in the API."""
        return {each["field"]: each["message"] for each in self.facts.get("errors", ())}


def get(request: HttpRequest, service: str, path: str, **query: Any) -> Any:
    """What a service tells this visitor; its times as datetimes. See `ask` for what it raises."""
    return ask(request, service, "GET", path, params=_given(query))


def maybe(request: HttpRequest, service: str, path: str, **query: Any) -> Any:
    """The same for what a page can do without: None while the service is away. It is not waited for long."""
    return briefly(request, service, "GET", path, params=_given(query))


def briefly(request: HttpRequest, service: str, method: str, path: str, **options: Any) -> Any:
    """What `ask` answers, asked once and not for long; None while the service is away."""
    try:
        return ask(request, service, method, path, attempts=1, timeout=BRIEF_SECONDS, **options)
    except Unavailable:
        metrics.FAULTS.labels("page").inc()
        log.warning("page_lacks_a_part", service=service)
        return None


def ask(
    request: HttpRequest,
    service: str,
    method: str,
    path: str,
    body: Any = None,
    key: str = "",
    **options: Any,
) -> Any:
    """The JSON that a service answers. Raises Refused, SessionOver, and Unavailable."""
    if body is not None:
        options["json"] = body
    headers = {"Idempotency-Key": key} if key else {}
    found = answered(request, service, method, path, headers=headers, **options)
    return _timed(found.json()) if found.content else None


def answered(
    request: HttpRequest, service: str, method: str, path: str, headers: Mapping[str, str], **options: Any
) -> httpx.Response:
    """The same as it came over the line."""
    who = visitor.of(request)
    answer = http.ask(service, method, path, headers={**who.headers(), **headers}, **options)
    if answer.status_code == 401:
        raise Unavailable if who.is_stale else _over(answer.json())
    if answer.status_code >= 400:
        raise Refused(answer.status_code, answer.json())
    return answer


def _given(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value not in (None, "")}


def _over(problem: dict[str, Any]) -> Exception:
    """A wrong password is a refusal; a token that no longer counts ends the session."""
    return SessionOver() if problem["code"] in {"invalid_token", "not_signed_in"} else Refused(401, problem)


def _timed(found: Any) -> Any:
    if isinstance(found, list):
        return [_timed(each) for each in found]
    if isinstance(found, dict):
        return {name: _time(value) if name in TIMES else _timed(value) for name, value in found.items()}
    return found


def _time(value: Any) -> Any:
    """A date alone, such as a day of sales, stays a text."""
    return datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else value
