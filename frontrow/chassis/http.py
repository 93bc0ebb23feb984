"""How a service asks another: the same client over the network or within the process."""

import contextvars
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
import stamina
from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from django.db import connection
from django.db.transaction import TransactionManagementError

from frontrow.chassis import trace
from frontrow.chassis.ids import new_id
from frontrow.chassis.middleware import INTERNAL_HEADER, request_id
from frontrow.chassis.refusals import Unavailable

SAFE_METHODS = {"GET", "HEAD"}
ATTEMPTS = 3


class InProcess(httpx.BaseTransport):
    """Calls our own WSGI application, in a copy of the context and read to its end there.

    So the nested request can change neither language, time zone nor request id of the one it serves.
    """

    def __init__(self) -> None:
        self.inner = httpx.WSGITransport(get_internal_wsgi_application(), raise_app_exceptions=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return contextvars.copy_context().run(self._handle, request)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        try:
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.read())
        finally:
            answer.close()


@cache
def _client(service: str) -> httpx.Client:
    environment = settings.ENVIRONMENT
    address = str(getattr(environment, f"{service}_url"))
    here = address == "in-process"
    return httpx.Client(
        base_url="http://localhost" if here else address,
        transport=InProcess() if here else None,
        timeout=environment.call_seconds,
        headers={
            INTERNAL_HEADER: environment.derived_secret("internal"),
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # between us, compressing costs more than it saves
        },
    )


def refuse_inside_transaction(what: str) -> None:
    """Raise TransactionManagementError within a transaction other than a test's own."""
    blocks = connection.atomic_blocks
    if blocks and not getattr(blocks[-1], "_from_testcase", False):
        raise TransactionManagementError(f"{what}: not inside a transaction")


def _identity() -> dict[str, str]:
    """Headers by which the other service knows for which request it works."""
    asked_by = request_id()
    if asked_by is None:
        return {}
    return {"X-Request-ID": asked_by, trace.HEADER: trace.traceparent(asked_by, new_id())}


def ask(
    service: str,
    method: str,
    path: str,
    attempts: int | None = None,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> httpx.Response:
    """Another service's answer, whatever it refuses; only safe calls are tried again.

    Raises Unavailable if it cannot be reached in time or has a fault, and TransactionManagementError
    within a transaction: its locks would be held for as long as the other takes.
    """
    refuse_inside_transaction(f"{method} {path}")
    attempts = attempts or (ATTEMPTS if method in SAFE_METHODS else 1)
    headers = {**_identity(), **(headers or {})}
    try:
        for attempt in stamina.retry_context(
            on=httpx.HTTPError, attempts=attempts, wait_initial=0.05, wait_max=0.5
        ):
            with attempt:
                answer = _client(service).request(method, path, headers=headers, **options)
                if answer.status_code >= 500:
                    answer.raise_for_status()
    except httpx.HTTPError as error:
        raise Unavailable(f"The {service} service does not answer. Try again in a moment.") from error
    return answer
