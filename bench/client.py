"""A client for loads that wrk cannot make: each step after the one before, or each request at its own moment.

It speaks as much HTTP/1.1 as our gateway answers, so that it takes little of the machine that it measures.
"""

import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, how long it took in seconds, and the body."""

    status: int
    seconds: float
    body: bytes
    retry_after: float = 0.0

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire(asyncio.Protocol):
    """A connection, on which one request is in hand at a time."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.come = bytearray()
        self.waits: asyncio.Future[tuple[int, bytes, bytes]] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.come += data
        head, found, rest = self.come.partition(b"\r\n\r\n")
        if not found or self.waits is None:
            return
        length = _header(head, b"content-length")
        if length is None:
            raise ValueError(f"an answer of unknown length: {bytes(head[:200])!r}")
        if len(rest) >= int(length):
            waits, self.waits = self.waits, None
            self.come.clear()
            waits.set_result((int(head[9:12]), bytes(head), bytes(rest)))

    def connection_lost(self, fault: Exception | None) -> None:
        if self.waits is not None and not self.waits.done():
            self.waits.set_exception(ConnectionResetError(f"the connection was closed: {fault}"))
            self.waits = None


class Client:
    """As many connections to an address as are needed at once, kept."""

    def __init__(self, address: str):
        where = urlsplit(address)
        self.host, self.port = where.hostname, where.port
        self.free: deque[Wire] = deque()

    async def ask(
        self, method: str, path: str, token: str, body: dict[str, Any] | None = None, key: str = ""
    ) -> Answer:
        """Ask, and wait for the whole answer. Raises OSError if the connection breaks."""
        sent = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
            f"{f'Idempotency-Key: {key}' if key else 'Accept: application/json'}\r\n\r\n"
        )
        began = time.perf_counter()
        wire = await self._wire()
        wire.waits = asyncio.get_running_loop().create_future()
        wire.transport.write(head.encode() + sent)
        try:
            status, headers, content = await wire.waits
        except BaseException:  # nobody waits for the rest any more
            wire.waits = None
            wire.transport.close()
            raise
        self.free.append(wire)
        return Answer(
            status, time.perf_counter() - began, content, float(_header(headers, b"retry-after") or 0)
        )

    async def _wire(self) -> Wire:
        while self.free:
            wire = self.free.pop()
            if not wire.transport.is_closing():
                return wire
        _, made = await asyncio.get_running_loop().create_connection(Wire, self.host, self.port)
        return made

    def close(self) -> None:
        """Close all connections that are free."""
        while self.free:
            self.free.pop().transport.close()


def percentile(values: list[float], share: float) -> float:
    """The value that so large a share of them does not exceed (nearest rank)."""
    found = sorted(values)
    return found[min(len(found) - 1, max(0, round(share * len(found) + 0.5) - 1))]


def _header(head: bytes | bytearray, name: bytes) -> bytes | None:
    _, found, rest = bytes(head).lower().partition(b"\r\n" + name + b": ")
    return rest.partition(b"\r\n")[0] if found else None
