"""What the gateway's tests play with: services that answer as they are told, and the real nginx before them."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from frontrow.embedded.processes import follower
from tests.embedded.system import descendants, free_port, wait

SCRIPT = Path(__file__).parents[2] / "gateway" / "gateway.sh"
SERVICES = ("users", "events", "bookings", "payments", "notifications", "reviews")
PLACES = (*SERVICES, "web")  # whom the gateway asks
SECRET = "between-the-gateway-and-its-services"
LIFTED = {
    "GATEWAY_RATE": "1000000",
    "GATEWAY_WRITE_RATE": "1000000",
    "GATEWAY_SIGN_IN_RATE": "1000000",
    "GATEWAY_HASH_RATE": "1000000",
    "GATEWAY_CONNECTIONS": "65535",
}
PATIENCE = 20.0  # seconds after which a test gives up waiting


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Asked(NamedTuple):
    """A request as a service got it."""

    method: str
    path: str
    headers: http.client.HTTPMessage
    body: bytes


Reply = tuple[int, dict[str, str], bytes]


class Service:
    """A service that remembers what it was asked, and answers 200 with its name unless told otherwise."""

    def __init__(self, name: str, host: str = "127.0.0.1", port: int = 0):
        self.name, self.asked = name, list[Asked]()
        self.reply: Callable[[Asked], Reply | None] = lambda asked: (200, {}, name.encode())
        self.server = _Server((host, port), self._handler())
        self.port = self.server.server_address[1]
        self.place = f"{host}:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def _handler(service) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                with contextlib.suppress(ConnectionError):
                    super().handle_one_request()

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, self.path, self.headers, body)
                service.asked.append(asked)
                reply = service.reply(asked)
                if reply is None:  # dies in the middle
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                status, headers, content = reply
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                """Tests look at `asked`."""

        return Handler

    def stop(self) -> None:
        """Gone as a killed process is: nothing listens, and kept connections are cut."""
        self.server.shutdown()
        self.server.server_close()
        self.server.cut()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, *words: Any):
        self.open: set[socket.socket] = set()
        super().__init__(*words)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Names:
    """What the system's resolver knows, in its place: addresses by name, and how often it was asked."""

    def __init__(self, folder: Path):
        self.folder, self.known = folder, folder / "known"
        self.know()
        program = folder / "getent"
        program.write_text(f'#!/bin/sh\necho >>{folder}/looks\nsed -n "s/^$2 //p" {self.known}\n')
        program.chmod(0o755)

    def know(self, **addresses: list[str]) -> None:
        lines = [f"{name} {address} STREAM\n" for name, them in addresses.items() for address in them]
        fresh = self.folder / "fresh"
        fresh.write_text("".join(lines))
        fresh.replace(self.known)  # never seen half

    def looks(self) -> int:
        looks = self.folder / "looks"
        return len(looks.read_text()) if looks.exists() else 0

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": f"{self.folder}:{os.environ['PATH']}"}


class Gateway:
    """The gateway as its users start it, with a run folder of its own."""

    def __init__(self, environment: dict[str, str], user: str | None = None):
        self.port, self.status_port = free_port(), free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="gateway-"))
        self.run, self.log = self.folder / "run", self.folder / "log"
        self.folder.chmod(0o755)
        shutil.copytree(SCRIPT.parent, self.folder / "gateway")
        self.run.mkdir()
        self.log.touch()
        if user:
            shutil.chown(self.run, user)
            shutil.chown(self.log, user)
        plain = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY")}
        given = {
            "GATEWAY_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "GATEWAY_STATUS_PORT": str(self.status_port),
            "GATEWAY_RUN": str(self.run),
            "GATEWAY_SECRET": SECRET,
            **LIFTED,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ["sh", self.folder / "gateway" / SCRIPT.name],
                env={**plain, **given, **environment},
                stdout=log,
                stderr=log,
                preexec_fn=follower(signal.SIGTERM),
                user=user,
                cwd=self.folder,
            )

    def ask(self, method: str, path: str, body: bytes | None = None, port: int = 0, **headers: str) -> Answer:
        """An answer; the path goes out as it is. Raises OSError."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE)
        try:
            told = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, told)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: bytes = b"{}", **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)

    def send(self, raw: bytes) -> bytes:
        """Everything that comes back for these bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(raw)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def lives(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the gateway ended: {self.said()}")
        with contextlib.suppress(OSError):
            return self.ask("GET", "/healthz", port=self.status_port).status == 200
        return False

    def workers(self) -> set[int]:
        """The processes of nginx that answer now, of those that do not shut down."""
        return {
            process.pid
            for process in descendants(self.process.pid)
            if process.command.startswith("nginx: worker process") and "shutting" not in process.command
        }

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def lines(self) -> list[dict[str, Any]]:
        """The access log."""
        return [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]

    def end(self) -> None:
        """Stop it unless it ended, and take its folder away."""
        self.process.terminate()
        self.process.wait(PATIENCE)
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def gateway(services: dict[str, str], user: str | None = None, **environment: str) -> Iterator[Gateway]:
    """A gateway that answers; services, and the pages, by name, as host:port. Those not named resolve to nothing."""
    places = {name: services.get(name, "nowhere.invalid:8000") for name in PLACES}
    upstreams = {f"{name.upper()}_UPSTREAM": place for name, place in places.items()}
    started = Gateway({**upstreams, **environment}, user)
    try:
        wait(PATIENCE, started.lives, "the gateway answers")
        yield started
    finally:
        started.end()


@contextlib.contextmanager
def services(*names: str) -> Iterator[dict[str, Service]]:
    """Services that answer, each on a port of its own."""
    there = {name: Service(name) for name in names or PLACES}
    try:
        yield there
    finally:
        for service in there.values():
            service.stop()


def places(there: dict[str, Service]) -> dict[str, str]:
    """Where they are, for a gateway."""
    return {name: service.place for name, service in there.items()}
