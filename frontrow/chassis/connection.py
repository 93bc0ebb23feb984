"""HTTP/1.1 for a fast door: one connection, whose requests are answered in their order.

httptools reads what comes; nothing but the event loop stands between the socket and the door
(docs/decisions/0038-a-fast-door-reads-its-sockets.md). The gateway, before us, buffers and keeps alive.
"""

import asyncio
from collections import deque
from functools import lru_cache
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, cast

import httptools
from django.conf import settings

from frontrow.chassis import api
from frontrow.chassis.refusals import BadRequest, Refusal, Unavailable

if TYPE_CHECKING:
    from frontrow.chassis.server import Server

MOST_BYTES = settings.ENVIRONMENT.max_body_bytes
MOST_HEAD = 65_536  # bytes that come and are no body: twice what the gateway lets through
AT_ONCE = 16_384  # bytes between two looks at how much came
SMALL = 16_384  # bytes of a body that is let in however much there is
MOST_HELD = 32 << 20  # bytes of all bodies together
MOST_AHEAD = 16  # requests of a client that does not wait for its answers
COMING_SECONDS = 30.0  # for a request to come whole, and for a client to hear that it was refused
KEPT_SECONDS = 75.0  # that nothing is asked: the gateway lets go of a connection sooner
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
STATUS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
EMPTY = {204, 304}  # have no body


@lru_cache(maxsize=256)
def name_of(header: bytes) -> str:
    """A header's name in lower case; none of one with an underscore, which could pass for another."""
    return "" if b"_" in header else header.decode("latin-1").lower()


class Request:
    """What is asked, and is to be answered once.

    Path and query are as they came, not decoded. Names of headers are in lower case, values as WSGI has them.
    """

    __slots__ = ("body", "connection", "headers", "lasts", "method", "path", "query", "target", "wrong")

    def __init__(self, connection: "Connection"):
        self.connection = connection
        self.method = self.path = self.query = ""
        self.target, self.body = b"", bytearray()
        self.headers: dict[str, str] = {}
        self.wrong: Refusal | None = None  # why nobody need look at it
        self.lasts = True  # whether its connection stays for more

    def answer(self, status: int, lines: str, content: bytes) -> None:
        """Answer it, with lines of headers."""
        self.connection.answer(self, status, lines, content)


class Connection(asyncio.Protocol):
    """One client's. What httptools finds it tells by the methods that begin with `on_`."""

    transport: asyncio.Transport
    coming: Request  # while one is
    task: asyncio.Task[None]  # at the request in hand

    def __init__(self, server: "Server"):
        self.server = server
        self.parser = httptools.HttpRequestParser(self)
        self.asked: deque[Request] = deque()  # whole; the first is in hand
        self.is_coming = False  # a request, of which
        self.is_head = False  # the headers are still coming, and
        self.came = 0  # so many bytes that are no body
        self.is_deaf = False  # no more is heard of this client
        self.since = monotonic()  # when the last request began or was answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.server.enter(self)

    def connection_lost(self, _: Exception | None) -> None:
        self.server.connections.discard(self)
        del self.parser  # which knows us: nobody is to look for such cycles

    def pause_writing(self) -> None:
        self.transport.pause_reading()  # whoever does not listen asks nothing

    def resume_writing(self) -> None:
        self.transport.resume_reading()

    def eof_received(self) -> bool:
        """It has said all, but may still listen."""
        if self.asked:
            self.asked[-1].lasts = False
        return bool(self.asked)

    def data_received(self, data: bytes) -> None:
        for begin in range(0, len(data), AT_ONCE):
            if not self.is_deaf:
                self._read(data[begin : begin + AT_ONCE])

    def _read(self, data: bytes) -> None:
        self.came += len(data)
        try:
            self.parser.feed_data(data)
            if self.came > MOST_HEAD:
                self._refuse(BadRequest())
        except httptools.HttpParserUpgrade:  # the request itself is whole; what follows would not be HTTP
            self.is_deaf, self.asked[-1].lasts = True, False
        except httptools.HttpParserError as error:  # or what one of ours raised
            found = error.__context__
            self._refuse(found if isinstance(found, Refusal) else BadRequest())

    def on_message_begin(self) -> None:
        self.coming, self.since = Request(self), monotonic()
        self.is_coming = self.is_head = True
        self.came = 0

    def on_url(self, part: bytes) -> None:
        self.coming.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        known, headers = name_of(name), self.coming.headers
        if not known or not self.is_head:  # what comes behind the body is not heard
            return
        told = value.decode("latin-1").strip(" \t")
        if known in headers:  # what comes twice is a list
            told = headers[known] + ("; " if known == "cookie" else ",") + told
        headers[known] = told

    def on_headers_complete(self) -> None:
        coming, self.is_head = self.coming, False
        coming.method = self.parser.get_method().decode()
        length = int(coming.headers.get("content-length", 0))
        if length > MOST_BYTES:
            raise api.TooLarge
        if self.parser.should_upgrade() and (length or "transfer-encoding" in coming.headers):
            raise BadRequest  # llhttp would overlook the body
        if coming.headers.get("expect", "").lower() == "100-continue":
            self.transport.write(CONTINUE)

    def on_body(self, part: bytes) -> None:
        self.came, body = 0, self.coming.body
        body += part
        if len(body) > MOST_BYTES:
            raise api.TooLarge
        if len(body) > SMALL and self.server.bytes_held() > MOST_HELD:
            raise Unavailable

    def on_message_complete(self) -> None:
        self.coming.lasts = self.parser.should_keep_alive() and not self.server.is_ending
        self._take()

    def _refuse(self, refusal: Refusal) -> None:
        """Hear nothing more of this client, but tell it why."""
        self.is_deaf = True
        if not self.is_coming:  # not one begins so
            self.coming = Request(self)
        self.coming.body.clear()
        self.coming.wrong, self.coming.lasts = refusal, False
        self._take()

    def _take(self) -> None:
        request, self.is_coming, self.came = self.coming, False, 0
        del self.coming
        path, _, query = request.target.partition(b"?")
        request.path, request.query = path.decode("latin-1"), query.decode("latin-1")
        if not path.startswith(b"/"):  # forms for proxies, which we are not (RFC 9112, 3.2)
            request.wrong = request.wrong or BadRequest()
        self.asked.append(request)
        if len(self.asked) == 1:
            self._serve()
        elif len(self.asked) > MOST_AHEAD:
            self.transport.abort()

    def _serve(self) -> None:
        self.task = self.server.loop.create_task(self.server.door(self.asked[0]))

    def answer(self, request: Request, status: int, lines: str, content: bytes) -> None:
        """Answer the request in hand, and go on with the next."""
        length = "" if status in EMPTY else f"content-length: {len(content)}\r\n"
        ends = "" if request.lasts else "connection: close\r\n"
        head = f"{STATUS[status]}date: {self.server.date}\r\n{lines}{length}{ends}\r\n".encode("latin-1")
        if request is not self.asked.popleft():
            raise RuntimeError("another request is in hand")
        if self.transport.is_closing():  # the client is gone
            return
        self.transport.write(head if request.method == "HEAD" or status in EMPTY else head + content)
        self.since = monotonic()
        if not request.lasts:
            self._close()
        elif self.asked:
            self._serve()

    def _close(self) -> None:
        """Once all is sent. Whoever may still be sending would not hear it, were the connection reset."""
        self.asked.clear()
        if self.is_deaf:
            self.transport.write_eof()
        else:
            self.transport.close()

    def bytes_held(self) -> int:
        """Of bodies."""
        coming = len(self.coming.body) if self.is_coming else 0
        return coming + sum(len(request.body) for request in self.asked)

    def addresses(self) -> tuple[tuple[str, int], str]:
        """Where it was asked, and from which address; none, if it was gone before we looked."""
        here, there = (self.transport.get_extra_info(name) for name in ("sockname", "peername"))
        return here[:2], there[0] if there else ""

    def end(self) -> None:
        """Close it, but answer before what is asked, or half asked."""
        if self.asked:
            self.asked[0].lasts = False
        elif not self.is_coming:
            self.transport.close()

    def end_if_idle(self) -> None:
        """Close what was forgotten, or comes too slowly."""
        patience = COMING_SECONDS if self.is_coming or self.is_deaf else KEPT_SECONDS
        if not self.asked and monotonic() - self.since > patience:
            self.transport.abort()
