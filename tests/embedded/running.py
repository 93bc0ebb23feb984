"""A Frontrow as a person at a terminal has it: `make up`, Ctrl-C, and requests over HTTP."""

import contextlib
import fcntl
import http.client
import json
import os
import pty
import secrets
import signal
import subprocess
import tempfile
import termios
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.embedded.system import Process, descendants, free_port, marked, wait

PASSWORD = "correct horse battery"
OF_MAKE = {
    "MAKEFLAGS",
    "MFLAGS",
    "MAKEOVERRIDES",
    "MAKELEVEL",
    "MAKE_TERMOUT",
    "MAKE_TERMERR",
    "PORT",
    "DATA",
    "T",
}


class Frontrow:
    """One checkout and one folder of data; started and stopped as often as one likes.

    As a context manager it leaves nothing running at the end.
    """

    verb = "up"

    def __init__(self, checkout: Path, data: Path | None, user: str | None = None, **environment: str):
        self.checkout, self.user, self.port = checkout, user, free_port()
        self.data = data or checkout / ".data"
        self.given = [f"DATA={data}"] if data else []
        self.mark = f"frontrow-checked-{secrets.token_hex(8)}"
        # What the `make` that started us was told is not meant for the one that we start.
        plain = {key: value for key, value in os.environ.items() if key not in OF_MAKE}
        self.environment = {**plain, "FRONTROW_MARK": self.mark, **environment}
        self.log = Path(tempfile.gettempdir()) / f"{self.mark}.log"
        self.make: subprocess.Popen[bytes] | None = None
        self.terminal = -1

    def __enter__(self) -> "Frontrow":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self.log.unlink(missing_ok=True)

    def command(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Another `make …` in the checkout, run to its end."""
        return subprocess.run(
            ["make", *words], **self._who(), cwd=self.checkout, env={**self.environment, **environment},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def up(self) -> None:
        """`make up`, in the foreground of a terminal of its own."""
        self._forget()
        self.terminal, theirs = pty.openpty()

        def take_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        with self.log.open("ab") as log:
            self.make = subprocess.Popen(
                ["make", self.verb, f"PORT={self.port}", *self.given], **self._who(), cwd=self.checkout,
                env=self.environment, stdin=theirs, stdout=log, stderr=log, preexec_fn=take_terminal,
            )  # fmt: skip
        os.close(theirs)

    def ready(self, seconds: float) -> float:
        """Seconds until it serves. Raises TimeoutError, also when it ends instead."""

        def serves() -> bool:
            if self.make is None or self.make.poll() is not None:
                raise TimeoutError(f"make ended: {self.said()[-600:]}")
            with contextlib.suppress(OSError):
                return self.call("GET", "/readyz")[0] == 200
            return False

        return wait(seconds, serves, "ready")

    def ctrl_c(self) -> None:
        os.write(self.terminal, b"\x03")

    def all(self) -> list[Process]:
        """Every process of it that we can find: by descent, by environment, by the title of PostgreSQL's."""
        found = descendants(self.make.pid) if self.make else []
        if self.make and self.make.poll() is None:
            found += [process for process in marked(self.mark) if process.pid == self.make.pid]
        found += marked(self.mark)
        with contextlib.suppress(OSError):
            place = (self.data / "postgres").stat()
            found += marked(f"frontrow-{place.st_dev:x}-{place.st_ino:x}")
        return list(dict.fromkeys(found))

    def roles(self) -> dict[str, Process]:
        """Its lasting processes: make, supervisor, server, worker, postgres."""
        words = {"supervisor": "-m frontrow up", "server": "-m frontrow.serve", "postgres": "postgres -D"}
        found = {"make": next(p for p in self.all() if self.make and p.pid == self.make.pid)}
        tree = descendants(found["make"].pid)
        for role, word in words.items():
            found[role] = next(process for process in tree if word in process.command)
        found["worker"] = descendants(found["server"].pid)[0]
        return found

    def gone(self, seconds: float) -> float:
        """Seconds until no process of it is left. Raises TimeoutError."""

        def nothing() -> bool:
            if self.make:
                self.make.poll()
            return not self.all()

        try:
            return wait(seconds, nothing, "all processes gone")
        except TimeoutError as error:
            raise TimeoutError(f"{error}; left: {[process.command for process in self.all()]}") from None

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        """An answer's status, and its JSON or text. Raises OSError if there is none."""
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            json.dumps(body).encode() if body else None,
            headers,
            method=method,
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=5) as answer:
                return answer.status, _content(answer.read())
        except urllib.error.HTTPError as refusal:
            return refusal.code, _content(refusal.read())
        except http.client.HTTPException as cut:
            raise ConnectionError("cut off in the middle of its answer") from cut

    def register(self) -> str:
        """A new person's username. Raises OSError if there is no answer, ValueError if it is a no."""
        name = f"p{secrets.token_hex(6)}"
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        status, answer = self.call("POST", "/register", body)
        if status != 201:
            raise ValueError(answer)
        return name

    def sign_in(self, name: str) -> dict[str, Any]:
        """A session. Raises ValueError unless this person can sign in."""
        status, session = self.call("POST", "/login", {"username": name, "password": PASSWORD})
        if status != 200:
            raise ValueError(f"{name} cannot sign in: {session}")
        return dict(session)

    def knows(self, name: str) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return bool(self.sign_in(name))
        return False

    def close(self) -> None:
        """End whatever is left."""
        for _ in range(50):
            for process in self.all():
                process.send(signal.SIGKILL)
            if not self.all():
                break
            time.sleep(0.1)
        self._forget()

    def _forget(self) -> None:
        """Close the terminal of a `make up` that ended; what it may have left is left alone."""
        if self.make:
            self.make.wait(10)
            self.make = None
        if self.terminal >= 0:
            os.close(self.terminal)
            self.terminal = -1

    def _who(self) -> dict[str, Any]:
        return {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}


def _content(raw: bytes) -> Any:
    try:
        return json.loads(raw or b"null")
    except ValueError:
        return raw.decode(errors="replace")
