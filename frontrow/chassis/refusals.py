"""Refusals: every expected no has a class, a stable code and an HTTP status (RFC 9457)."""

import json
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, ClassVar

from django.http import HttpResponse

CONTENT_TYPE = "application/problem+json"
JSON = json.JSONEncoder(default=str)


class Refusal(Exception):
    """An expected no. Subclasses set code, status and a sentence that says what to do."""

    code: ClassVar[str]
    status: ClassVar[int]
    detail: ClassVar[str]
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, detail: str | None = None, **facts: Any):
        super().__init__(detail or self.detail)
        self.facts = facts

    def document(self, request_id: str | None = None) -> str:
        """The refusal as JSON; `facts` become extension members."""
        return document(self.status, self.code, str(self), request_id, **self.facts)

    def answer(self, request_id: str | None = None) -> HttpResponse:
        """The refusal as application/problem+json."""
        answer = problem(self.status, self.code, str(self), request_id, **self.facts)
        for name, value in self.headers.items():
            answer[name] = value
        return answer


class BadRequest(Refusal):
    code, status, detail = "bad_request", 400, "The request cannot be understood."


class BrokenJson(Refusal):
    code, status, detail = "invalid_json", 400, "The body is not valid JSON."


class NotSignedIn(Refusal):
    code, status, detail = "not_signed_in", 401, "Sign in and send the access token as a bearer token."
    headers = {"WWW-Authenticate": "Bearer"}


class InvalidToken(Refusal):
    code, status, detail = "invalid_token", 401, "The token is invalid, expired or used up. Sign in again."
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class NotFound(Refusal):
    code, status, detail = "not_found", 404, "There is nothing here, or it is not yours."


class Invalid(Refusal):
    """Well-formed, but a field is wrong; `errors` name the fields."""

    code, status, detail = "invalid_request", 422, "Some fields are missing or wrong; see errors."

    @classmethod
    def field(cls, name: str, message: str) -> "Invalid":
        """Refuse one field."""
        return cls(errors=[{"field": name, "message": message}])


class TooMany(Refusal):
    code, status, detail = "too_many_requests", 429, "Too many attempts. Wait, then try again."

    def __init__(self, retry_after: int):
        super().__init__(f"Too many attempts. Try again in {retry_after} seconds.", retryAfter=retry_after)
        self.headers = {"Retry-After": str(retry_after)}  # type: ignore[misc]


class Unavailable(Refusal):
    code, status, detail = "unavailable", 503, "A part of the system is away. Try again in a moment."
    headers = {"Retry-After": "2"}


def problem(status: int, code: str, detail: str, request_id: str | None = None, **facts: Any) -> HttpResponse:
    """A problem document as an HTTP response."""
    text = document(status, code, detail, request_id, **facts)
    return HttpResponse(text, status=status, content_type=CONTENT_TYPE)


def document(status: int, code: str, detail: str, request_id: str | None = None, **facts: Any) -> str:
    """A problem document (RFC 9457)."""
    mine = f', "requestId": {JSON.encode(request_id)}' if request_id else ""
    more = f", {JSON.encode(facts)[1:-1]}" if facts else ""
    return f"{_same(status, code, detail)[:-1]}{mine}{more}}}"


@lru_cache(maxsize=1024)
def _same(status: int, code: str, detail: str) -> str:
    """What everybody is told alike."""
    kind, title = f"urn:frontrow:problem:{code}", HTTPStatus(status).phrase
    return JSON.encode({"type": kind, "title": title, "status": status, "code": code, "detail": detail})
