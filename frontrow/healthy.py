"""Whether the process that listens on a port of this machine is alive: `python -S -m frontrow.healthy PORT`.

Containers are asked this every few seconds, so it imports nothing that takes time.
"""

import socket
import sys

SECONDS = 8
REQUEST = b"GET /healthz HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def main(port: str) -> int:
    """0 when /healthz answers 200; else 1, and why on stderr."""
    try:
        with socket.create_connection(("127.0.0.1", int(port)), SECONDS) as connection:
            connection.sendall(REQUEST)
            answer = connection.makefile("rb").readline()
    except OSError as fault:
        print(f"No answer on port {port}: {fault}", file=sys.stderr)  # noqa: T201
        return 1
    if answer.split()[1:2] == [b"200"]:
        return 0
    print(f"Port {port} answers {answer!r}.", file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
