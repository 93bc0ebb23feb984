"""What a fast door says of each request: its answer with safe headers, its counts, its line in the log."""

import asyncio
import json
import logging
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache, lru_cache

from prometheus_client import Counter, Histogram
from structlog.contextvars import bound_contextvars

from frontrow.chassis import api, metrics
from frontrow.chassis.connection import Request
from frontrow.chassis.middleware import METHODS, OF_GATEWAY, POLICY, SAFE, id_of
from frontrow.chassis.refusals import CONTENT_TYPE, Refusal
from frontrow.chassis.trace import trace_of

FLUSH_SECONDS = 0.2  # lines of the log are written together
JSON = "application/json; charset=utf-8"
NOBODYS = "none"  # route
QUOTED = json.JSONEncoder().encode  # which json.dumps looks for each time


def lines(headers: Iterable[tuple[str, str]]) -> str:
    """Headers as HTTP/1.1 has them."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers)


ALWAYS = lines(
    [*((name.lower(), value) for name, value in (SAFE | OF_GATEWAY).items()),
     ("content-security-policy", POLICY), ("cache-control", "no-store")]
)  # fmt: skip


class Account:
    """One request of a fast door."""

    def __init__(self, request: Request, route: str):
        self.request, self.route = request, route
        self.path = _hidden(request.path) if route == NOBODYS else request.path
        self.method = request.method if request.method in METHODS else "other"
        self.request_id = id_of(request.headers)
        self.began = time.perf_counter()

    def answer(self, status: int, text: str, kind: str = JSON, more: str = "") -> None:
        """Answer the request."""
        own = f"content-type: {kind}\r\nx-request-id: {self.request_id}\r\n"
        self.request.answer(status, own + ALWAYS + more, text.encode())
        seconds = time.perf_counter() - self.began
        requests, histogram = _measures(self.route, self.method, status)
        requests.inc()
        histogram.observe(seconds)
        LINES.add(self, status, seconds)

    def refuse(self, refusal: Refusal) -> None:
        """Answer it with a refusal."""
        _refusals(refusal.code).inc()
        told = refusal.headers
        more = lines((name.lower(), value) for name, value in told.items()) if told else ""
        self.answer(refusal.status, refusal.document(self.request_id), CONTENT_TYPE, more)

    def fault(self, fault: Exception) -> None:
        """Answer one that met a bug, which is said loudly."""
        with bound_contextvars(request_id=self.request_id):
            told = api.broken(fault)
        self.answer(told.status, told.document(self.request_id), CONTENT_TYPE)


def _hidden(path: str) -> str:
    """No more of an address than nobody could keep secret (middleware.LOGGED_PATH)."""
    first, more, _ = path.removeprefix("/").partition("/")
    return f"/{first[:20]}{more and '/-'}"


@cache
def _refusals(code: str) -> Counter:
    return metrics.REFUSALS.labels(code)


@cache
def _measures(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return metrics.REQUESTS.labels(route, method, status), metrics.REQUEST_SECONDS.labels(route)


def now() -> str:
    """The machine's time as RFC 3339 has it, at a third of what datetime takes."""
    second, rest = divmod(time.time_ns(), 10**9)
    return f"{_second(second)}.{rest // 1000:06}+00:00"


@lru_cache(maxsize=2)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class Lines:
    """Lines of the log like structlog's (middleware.py), at a twentieth of their cost."""

    def __init__(self) -> None:
        self.log, self.waiting = logging.getLogger(__name__), list[str]()

    def add(self, account: Account, status: int, seconds: float) -> None:
        """Say how a request ended, within FLUSH_SECONDS."""
        level, name = (logging.ERROR, "error") if status >= 500 else (logging.INFO, "info")
        if not self.log.isEnabledFor(level):
            return
        if not self.waiting:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        self.waiting.append(
            f'{{"method": "{account.method}", "path": {QUOTED(account.path)},'
            f' "route": "{account.route}", "status": {status}, "milliseconds": {seconds * 1000:.1f},'
            f' "event": "request", "request_id": "{account.request_id}",'
            f' "trace_id": "{trace_of(account.request_id)}", "logger": "{__name__}", "level": "{name}",'
            f' "timestamp": "{now()}"}}\n'
        )

    def flush(self) -> None:
        """Write what waits."""
        lines, self.waiting = self.waiting, []
        sys.stdout.write("".join(lines))
        sys.stdout.flush()


LINES = Lines()
