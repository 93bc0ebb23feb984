"""Around a fast door: Django in threads, for everything else."""

import asyncio
import contextvars
import io
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections
from structlog.contextvars import bound_contextvars

from frontrow.chassis.accounts import lines
from frontrow.chassis.connection import Request
from frontrow.chassis.ids import new_id_text
from frontrow.chassis.refusals import Unavailable

Answer = TypeVar("Answer")
WAITING_PER_THREAD = 16  # more is refused at once


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


class Django:
    """Answers requests by our WSGI application, whole: nothing that we serve is a stream."""

    def __init__(self, threads: Threads):
        self.threads, self.handler = threads, WSGIHandler()

    async def answer(self, request: Request) -> tuple[int, str, bytes]:
        """Status, lines of headers, and body, as Django answers it. Raises Unavailable."""
        return await self.threads.plainly(self._ask, _environ(request))

    def _ask(self, environ: dict[str, Any]) -> tuple[int, str, bytes]:
        told: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], object]:
            told.extend((int(status[:3]), headers))
            return told.append  # which no application of ours uses

        response = self.handler(environ, start)
        try:
            content = b"".join(response)
        finally:
            response.close()
        return told[0], lines(each for each in told[1] if each[0].lower() != "content-length"), content


def _environ(request: Request) -> dict[str, Any]:
    """A request as WSGI has it (PEP 3333)."""
    (host, port), client = request.connection.addresses()
    headers = dict(_headers(request))
    return {
        **headers,
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""), "CONTENT_LENGTH": str(len(request.body)),
        "REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "QUERY_STRING": request.query,
        "PATH_INFO": unquote_to_bytes(request.path.encode("latin-1")).decode("latin-1"),
        "SERVER_NAME": host, "SERVER_PORT": str(port), "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": client,
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }  # fmt: skip


def _headers(request: Request) -> Iterator[tuple[str, str]]:
    for name, value in request.headers.items():
        yield f"HTTP_{name.upper().replace('-', '_')}", value
