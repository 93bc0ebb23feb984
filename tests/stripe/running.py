"""A provider that runs as a process of its own, and what it calls back to."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from frontrow.embedded.processes import follower
from tests.embedded.system import free_port, wait

SECONDS = 30  # to start, and for what is told to come
SECRET = "whsec_of_the_tests"
KEYS = {"STRIPE_SECRET_KEY": "sk_test_of_the_tests", "STRIPE_PUBLIC_KEY": "pk_test_of_the_tests",
        "STRIPE_WEBHOOK_SECRET": SECRET}  # fmt: skip


class Provider(httpx.Client):
    """A client of one, with our secret key."""

    def __init__(self, address: str):
        headers = {"Authorization": f"Bearer {KEYS['STRIPE_SECRET_KEY']}"}
        super().__init__(base_url=address, headers=headers, timeout=SECONDS)

    @property
    def address(self) -> str:
        return str(self.base_url).rstrip("/")

    def answers(self) -> bool:
        try:
            return self.get("/v1/payment_intents").status_code < 500
        except httpx.TransportError:
            return False

    def tell(self, path: str, **facts: Any) -> None:
        """What only its tests may tell it."""
        self.post(path, json=facts).raise_for_status()

    def ledger(self) -> dict[str, tuple[int, int]]:
        """What the simulator took and gave back, in minor units, by our payment's id."""
        rows = self.get("/_ledger").raise_for_status().json()["taken"]
        found = {row["key"]: (row["amount"], row["refunded"]) for row in rows}
        assert len(found) == len(rows), "charged twice for one key"
        return found


@contextmanager
def running(module: str) -> Iterator[Provider]:
    """A provider that is started by `python -m`, with a port."""
    port = free_port()
    command = [sys.executable, "-m", f"tests.stripe.{module}", str(port)]
    with subprocess.Popen(command, preexec_fn=follower(9)) as process, \
            Provider(f"http://127.0.0.1:{port}") as provider:  # fmt: skip
        try:
            wait(SECONDS, provider.answers, f"{module} answers")
            yield provider
        finally:
            process.terminate()
            process.wait(SECONDS)


class Inbox:
    """Where a provider calls back: what it told is kept, and passed on where that is wished."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []  # bodies, and their signatures
        self.pass_on: Callable[[str, str], int] = lambda body, signature: 200
        box = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                signature = self.headers["Stripe-Signature"]
                box.received.append((body, signature))
                self.send_response(box.pass_on(body, signature))
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing of each request."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, kind: str, count: int = 1) -> tuple[str, str]:
        """The last of so many that it told of this kind, once they have come."""
        wait(SECONDS, lambda: len(self._of(kind)) >= count, f"{kind} is told")
        return self._of(kind)[-1]

    def _of(self, kind: str) -> list[tuple[str, str]]:
        return [each for each in self.received if f'"{kind}"' in each[0]]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
