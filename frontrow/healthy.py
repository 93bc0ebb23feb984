"""Whether the process that listens on a port of this machine is alive: `python -S -m frontrow.healthy PORT`.

Containers are asked this every few seconds, so it imports nothing that takes time.
"""

import socket
import sys

SECONDS = 8
REQUEST = b"GET /healthz HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def main(port: str) -> str | None:
    """Nothing when /healthz answers 200; else what is wrong, for `sys.exit` to say."""
    try:
        with socket.create_connection(("127.0.0.1", int(port)), SECONDS) as connection:
            connection.sendall(REQUEST)
            answer = connection.makefile("rb").readline()
    except OSError as fault:
        return f"No answer on port {port}: {fault}"
    return None if answer.split()[1:2] == [b"200"] else f"Port {port} answers {answer!r}."


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
