"""`make up`: one small supervisor, its PostgreSQL, and one serving process with everything in it."""

import contextlib
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from frontrow.postgres import Postgres, PostgresError

STOP_SECONDS = 5
LONGEST_BACK_OFF = 5.0
TICK = 0.1  # seconds between two looks at the children


class NotStarted(Exception):
    """Frontrow cannot start here; the message says why and what to do."""


class Stopped(Exception):
    """The person at the keyboard, or the system, wants us to stop."""


class Supervisor:
    """Keeps PostgreSQL and the serving process running until told to stop."""

    def __init__(self, data: Path, host: str, port: int):
        self.data = data.absolute()
        self.host, self.port = host, port
        self.postgres = Postgres(self.data)
        self.server: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start, supervise, and stop everything on SIGINT or SIGTERM. Raises NotStarted, PostgresError."""
        for order in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(order, _stop)
        with self._lock(), contextlib.suppress(Stopped):
            try:
                self._check_port()
                self._start()
                print(
                    f"\nFrontrow is up: {self.address}  (the API: {self.address}/docs)\nCtrl-C stops it.",
                    flush=True,
                )
                self._supervise()
            finally:
                for order in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(order, signal.SIG_IGN)
                self._stop_server()
                self.postgres.stop()

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def _start(self) -> None:
        self.postgres.start()
        self.postgres.ensure_database("frontrow")
        if self._command("migrate").wait():
            raise NotStarted("The database could not be brought up to date; the lines above say why.")
        self.server = self._command("serve", "--follow-parent")
        self._await_ready()

    def _supervise(self) -> None:
        """Start again whatever ends by itself, waiting longer each time it happens soon after."""
        back_off = 0.0
        while True:
            time.sleep(TICK)
            postgres, server = self.postgres.process, self.server
            if (
                postgres is not None
                and server is not None
                and postgres.poll() is None
                and server.poll() is None
            ):
                continue
            began = time.monotonic()
            time.sleep(back_off)
            print("A part of Frontrow ended by itself; starting it again.", file=sys.stderr, flush=True)
            try:
                self._restart()
                back_off = 0.0
            except (PostgresError, NotStarted) as error:
                print(error, file=sys.stderr, flush=True)
                back_off = min(LONGEST_BACK_OFF, back_off * 2 or 0.5)
            time.sleep(max(0.0, 0.5 - (time.monotonic() - began)))

    def _restart(self) -> None:
        if self.postgres.process is None or self.postgres.process.poll() is not None:
            self.postgres.start()
        if self.server is None or self.server.poll() is not None:
            self.server = self._command("serve", "--follow-parent")
            self._await_ready()

    def _await_ready(self) -> None:
        while self.server is not None and self.server.poll() is None:
            if self._answers():
                return
            time.sleep(TICK)
        raise NotStarted("The serving process ended at its start; the lines above say why.")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(urllib.request.urlopen(f"{self.address}/readyz", timeout=2).status == 200)  # noqa: S310
        return False

    def _stop_server(self) -> None:
        if self.server is None:
            return
        for order in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.server.pid, order)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(STOP_SECONDS)
        self.server = None

    def _command(self, *words: str) -> subprocess.Popen[bytes]:
        environment = {
            "SECRET_KEY": self._secret(),
            "LOG_FORMAT": "console" if sys.stderr.isatty() else "json",
            **os.environ,
            "DATABASE_URL": self.postgres.url("frontrow"),
            "HOST": self.host,
            "PORT": str(self.port),
            "WORK_IN_PROCESS": "true",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "frontrow", *words],
            env=environment, cwd=Path(__file__).parent.parent,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def _secret(self) -> str:
        """The installation's secret, made on the first start and kept beside the data."""
        place = self.data / "secret_key"
        if not place.exists():
            fresh = self.data / "secret_key.new"
            fresh.unlink(missing_ok=True)
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48))
            fresh.rename(place)
        return place.read_text()

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the folder: one supervisor a folder. Raises NotStarted."""
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.seek(0)
                raise NotStarted(
                    f"Frontrow already runs on {self.data}: {lock.read() or 'it is just starting'}"
                ) from None
            lock.truncate(0)
            lock.write(f"process {os.getpid()}, {self.address}")
            lock.flush()
            yield

    def _check_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise NotStarted(
                    f"Port {self.port} cannot be used ({error.strerror}); try: make up PORT=8123"
                ) from None


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped
