"""Around a fast door, which speaks RSGI (Granian's own interface): Django in threads, for everything else."""

import asyncio
import contextvars
import io
import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]
from prometheus_client import Counter, Histogram
from structlog.contextvars import bound_contextvars

from frontrow.chassis import api, metrics
from frontrow.chassis.ids import new_id_text
from frontrow.chassis.middleware import METHODS, POLICY, SAFE, id_of
from frontrow.chassis.refusals import CONTENT_TYPE, BadRequest, Refusal, Unavailable
from frontrow.chassis.trace import trace_of

Answer = TypeVar("Answer")
Headers = Iterable[tuple[str, str]]
WAITING_PER_THREAD = 16  # more is refused at once
MOST_BYTES = settings.ENVIRONMENT.max_body_bytes
FLUSH_SECONDS = 0.2  # lines of the log are written together
JSON = "application/json; charset=utf-8"
HEADERS = [(name.lower(), value) for name, value in SAFE.items()]
HEADERS += [("content-security-policy", POLICY), ("cache-control", "no-store")]


class Threads:
    """Where what blocks runs: as many threads as a process of plain Django has, and a queue that ends."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(settings.ENVIRONMENT.threads, "django")
        self.waiting = 0

    async def run(self, act: Callable[..., Answer], *given: Any, request_id: str = "") -> Answer:
        """What it answers, or raises, known as working for a request. Raises Unavailable if too many wait."""
        return await self.plainly(_in_a_request_of_its_own, request_id, act, given)

    async def plainly(self, act: Callable[..., Answer], *given: Any) -> Answer:
        """The same of what looks after its connections itself."""
        if self.waiting >= settings.ENVIRONMENT.threads * WAITING_PER_THREAD:
            raise Unavailable
        self.waiting += 1
        try:
            work = contextvars.copy_context().run
            return await asyncio.get_running_loop().run_in_executor(self.pool, work, act, *given)
        finally:
            self.waiting -= 1


def _in_a_request_of_its_own(request_id: str, act: Callable[..., Answer], given: tuple[Any, ...]) -> Answer:
    """As Django's requests do: a connection that was lost meanwhile is made anew."""
    close_old_connections()
    try:
        with bound_contextvars(request_id=request_id or new_id_text()):  # many requests are one of its own
            return act(*given)
    finally:
        close_old_connections()


async def body_of(scope: Any, proto: Any) -> bytes:
    """A request's body. Raises TooLarge without reading on, and BadRequest if it was cut off."""
    told, whole = scope.headers.get("content-length"), bytearray()
    if told is not None and int(told) > MOST_BYTES:
        raise api.TooLarge
    try:
        if told is not None:
            return bytes(await proto())
        async for part in proto:
            whole += part
            if len(whole) > MOST_BYTES:
                raise api.TooLarge
    except ProtocolClosed:
        raise BadRequest from None
    return bytes(whole)


class Django:
    """Answers RSGI requests by our WSGI application, whole: nothing that we serve is a stream."""

    def __init__(self, threads: Threads):
        self.threads, self.handler = threads, WSGIHandler()

    async def answer(self, scope: Any, proto: Any) -> None:
        """Let Django answer one request."""
        try:
            body = await body_of(scope, proto)
            status, headers, content = await self.threads.plainly(self._ask, _environ(scope, body))
        except Refusal as refusal:  # Django does not even hear of it
            return Account(scope, "none").refuse(proto, refusal)
        return proto.response_bytes(status, headers, content)

    def _ask(self, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        told: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], object]:
            told.extend((int(status[:3]), headers))
            return told.append  # which no application of ours uses

        response = self.handler(environ, start)
        try:
            content = b"".join(response)
        finally:
            response.close()
        return told[0], told[1], content


def _environ(scope: Any, body: bytes) -> dict[str, Any]:
    """A request as WSGI has it (PEP 3333). The path comes decoded."""
    host, _, port = scope.server.rpartition(":")
    headers = dict(_headers(scope.headers))
    return {
        **headers,
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""), "CONTENT_LENGTH": str(len(body)),
        "REQUEST_METHOD": scope.method, "SCRIPT_NAME": "", "QUERY_STRING": scope.query_string,
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "SERVER_NAME": host, "SERVER_PORT": port, "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0), "wsgi.url_scheme": scope.scheme, "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }  # fmt: skip


def _headers(told: Any) -> Iterator[tuple[str, str]]:
    """Headers by WSGI's names. One with an underscore could pass for another, and is left out.

    Granian tells no value that is not ASCII; that such a header came is not to be lost.
    """
    for name in set(told.keys()):
        if "_" not in name:
            joined = ("; " if name == "cookie" else ",").join(told.get_all(name))
            yield f"HTTP_{name.upper().replace('-', '_')}", joined


class Account:
    """One request of a fast door: its id, its answer with safe headers, its counts, its line in the log."""

    def __init__(self, scope: Any, route: str):
        self.method = scope.method if scope.method in METHODS else "other"
        self.path, self.route = scope.path, route
        self.request_id = id_of(scope.headers)
        self.began = time.perf_counter()
        metrics.IN_FLIGHT.inc()

    def answer(self, proto: Any, status: int, text: str, kind: str = JSON, more: Headers = ()) -> None:
        """Answer the request."""
        headers = [("content-type", kind), ("x-request-id", self.request_id), *HEADERS, *more]
        proto.response_str(status, headers, text)
        seconds = time.perf_counter() - self.began
        metrics.IN_FLIGHT.dec()
        requests, histogram = _measures(self.route, self.method, status)
        requests.inc()
        histogram.observe(seconds)
        LINES.add(self, status, seconds)

    def refuse(self, proto: Any, refusal: Refusal) -> None:
        """Answer it with a refusal."""
        metrics.REFUSALS.labels(refusal.code).inc()
        more = [(name.lower(), value) for name, value in refusal.headers.items()]
        self.answer(proto, refusal.status, refusal.document(self.request_id), CONTENT_TYPE, more)

    def fault(self, proto: Any, fault: Exception) -> None:
        """Answer one that met a bug, which is said loudly."""
        with bound_contextvars(request_id=self.request_id):
            told = api.broken(fault)
        self.answer(proto, told.status, told.document(self.request_id), CONTENT_TYPE)


@cache
def _measures(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return metrics.REQUESTS.labels(route, method, status), metrics.REQUEST_SECONDS.labels(route)


class Lines:
    """Lines of the log like structlog's (middleware.py), at a twentieth of their cost."""

    def __init__(self) -> None:
        self.log = logging.getLogger(__name__)
        self.due = False

    def add(self, account: Account, status: int, seconds: float) -> None:
        """Say how a request ended, within FLUSH_SECONDS."""
        level = logging.ERROR if status >= 500 else logging.INFO
        if not self.log.isEnabledFor(level):
            return
        sys.stdout.write(
            f'{{"method": "{account.method}", "path": {json.dumps(account.path)}, "route": "{account.route}",'
            f' "status": {status}, "milliseconds": {seconds * 1000:.1f}, "event": "request",'
            f' "request_id": "{account.request_id}", "trace_id": "{trace_of(account.request_id)}",'
            f' "logger": "{__name__}", "level": "{logging.getLevelName(level).lower()}",'
            f' "timestamp": "{datetime.now(UTC).isoformat()}"}}\n'
        )
        if not self.due:
            self.due = True
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        self.due = False
        sys.stdout.flush()


LINES = Lines()
