"""Whether a server is ready, asked from outside. Each look is short and never raises."""

import contextlib
import http.client
import socket
from collections.abc import Callable

from frontrow.fleet.site import LOOPBACK

SECONDS = 1.0  # which one look may take


def http_ok(port: int, path: str, host: str = LOOPBACK) -> Callable[[], bool]:
    """A GET is answered with 200."""

    def look() -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", path)
            return connection.getresponse().status == 200
        return False

    return look


def says(port: int, words: bytes, answer: bytes) -> Callable[[], bool]:
    """What it says to these words begins with that answer."""

    def look() -> bool:
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), SECONDS) as caller:
            caller.sendall(words)
            return caller.recv(64).startswith(answer)
        return False

    return look


def postgres(port: int) -> Callable[[], bool]:
    """PostgreSQL asks for a password; while it recovers it only says so."""
    start = (196608).to_bytes(4) + b"user\0postgres\0database\0postgres\0\0"
    return says(port, (len(start) + 4).to_bytes(4) + start, b"R")


def redis(port: int, password: str) -> Callable[[], bool]:
    """Redis accepts the password."""
    return says(port, f"AUTH {password}\r\n".encode(), b"+OK")


def amqp(port: int) -> Callable[[], bool]:
    """A broker begins the conversation of AMQP 0-9-1."""
    return says(port, b"AMQP\0\0\x09\x01", b"\x01\0\0")


def epmd(port: int) -> Callable[[], bool]:
    """Erlang's port mapper lists its names."""
    return says(port, b"\0\x01n", port.to_bytes(4))
