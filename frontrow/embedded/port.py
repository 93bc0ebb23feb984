"""The port that one Frontrow serves on."""

import contextlib
import socket
import sys
from collections.abc import Iterator


class PortUnusable(Exception):
    """The port is taken, forbidden, or of a host that is not ours."""


@contextlib.contextmanager
def reserved(host: str, port: int) -> Iterator[None]:
    """Keep the port ours, also while nothing listens. Raises PortUnusable.

    Granian would silently share it with any other Granian (SO_REUSEPORT). So no two Frontrows may hold
    its name, which Linux frees when its holder ends, however that ends; and nobody may listen there yet.
    """
    with socket.socket(socket.AF_UNIX) as name:
        try:
            family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            if sys.platform == "linux":
                name.bind("\0frontrow " + " ".join(map(str, place)))
            with socket.socket(family, kind) as look:
                look.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                look.bind(place)
        except OSError as error:
            raise PortUnusable(
                f"Port {port} of {host} cannot be used ({error.strerror}); try another, such as PORT=8123"
            ) from None
        yield


def answers(host: str, port: int) -> bool:
    """Whether requests are served there: 503 means not yet, 400 that ALLOWED_HOSTS does not name us."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=2) as caller:
        caller.sendall(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return caller.recv(12)[9:10] in (b"2", b"4")
    return False
