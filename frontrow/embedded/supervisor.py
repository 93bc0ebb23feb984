"""`make up`: one small supervisor, its PostgreSQL, and one serving process with everything in it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from frontrow.embedded import installation, port
from frontrow.embedded.installation import NotStarted
from frontrow.embedded.orders import Orders, Stopped
from frontrow.embedded.port import PortUnusable
from frontrow.embedded.postgres import Postgres, PostgresError
from frontrow.embedded.processes import follower

__all__ = ["NotStarted", "PortUnusable", "PostgresError", "Supervisor"]

STOP_SECONDS = 4  # Granian gives requests 3; with PostgreSQL's own limits a stop takes 9 at most
READY_SECONDS = 60
FIRST_BACK_OFF, LONGEST_BACK_OFF = 0.2, 5.0
STEADY_SECONDS = 30  # what ran this long did not fail at its start
TICK = 0.1  # seconds between two looks at the children
ROOT = Path(__file__).parents[2]


class Supervisor:
    """Keeps PostgreSQL and the serving process running until told to stop."""

    def __init__(self, data: Path, host: str, port: int):
        self.data, self.host, self.port = data, host, port
        self.orders = Orders()
        self.postgres: Postgres | None = None
        self.server: subprocess.Popen[bytes] | None = None
        self.work = -1  # the descriptor our children keep open

    def run(self) -> None:
        """Start, supervise, and stop everything on SIGINT, SIGTERM or SIGHUP.

        Raises NotStarted, PortUnusable, PostgresError.
        """
        self.orders.take()
        with (
            contextlib.suppress(Stopped),
            installation.held(self.data, self.address, self.orders.pause) as self.work,
            port.reserved(self.host, self.port),
        ):
            try:
                self._start()
                print(
                    f"\nFrontrow is up: {self.address}  (the API: {self.address}/docs)\nCtrl-C stops it.",
                    flush=True,
                )
                self._supervise()
            finally:
                self._end_server()
                if self.postgres:
                    self.postgres.stop()

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def _start(self) -> None:
        self.postgres = Postgres(self.data, pause=self.orders.pause)
        self.postgres.start()
        self.postgres.ensure_database(installation.DATABASE)
        if self._finished(self._child("migrate")):
            raise NotStarted("The database could not be brought up to date; the lines above say why.")
        self.server = self._child("serve")
        self._await_ready()

    def _supervise(self) -> None:
        """Start again whatever ends by itself, waiting longer each time it happens soon after."""
        back_off = FIRST_BACK_OFF
        while True:
            began = time.monotonic()
            while not (ended := self._ended()):
                self.orders.pause(TICK)
            if time.monotonic() - began > STEADY_SECONDS:
                back_off = FIRST_BACK_OFF
            _say(f"{ended} ended by itself; starting again in {back_off:.1f} seconds.")
            self.orders.pause(back_off)
            back_off = min(LONGEST_BACK_OFF, back_off * 2)
            try:
                self._revive()
            except (PostgresError, OSError) as error:  # such as a full disk: it may pass
                _say(str(error))

    def _ended(self) -> str:
        """Which of our children ended and how, for the log; empty while both run."""
        parts = {
            "PostgreSQL": self.postgres and self.postgres.process,
            "The serving process": self.server,
        }
        return " and ".join(
            f"{name} (status {part.returncode})"
            for name, part in parts.items()
            if part and part.poll() is not None
        )

    def _revive(self) -> None:
        if self.postgres and not self.postgres.alive():
            self.postgres.start()
        if self.server and self.server.poll() is not None:
            self._end_server()
            self.server = self._child("serve")

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not port.answers(self.host, self.port):
            if ended := self._ended():
                raise NotStarted(f"{ended} ended at its start; the lines above say why.")
            if time.monotonic() > deadline:
                raise NotStarted(f"{self.address}/readyz is not ready after {READY_SECONDS} seconds.")
            self.orders.pause(TICK)

    def _end_server(self) -> None:
        """End the serving process and its worker: kindly, then at once."""
        if self.server is None:
            return
        self.server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.server.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()

    def _finished(self, child: subprocess.Popen[bytes]) -> int:
        """The exit status of a child that ends by itself."""
        try:
            while child.poll() is None:
                self.orders.pause(TICK)
        finally:
            child.kill()
            child.wait()
        return child.returncode

    def _child(self, command: str) -> subprocess.Popen[bytes]:
        if self.postgres is None:
            raise RuntimeError("PostgreSQL comes first.")
        environment = {
            "LOG_FORMAT": "console" if sys.stdout.isatty() else "json",
            "PUBLIC_URL": self.address,
            **installation.environment(self.data, self.postgres),
            "HOST": self.host,
            "PORT": str(self.port),
            "WORK_IN_PROCESS": "true",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "frontrow", command],
            env=environment, cwd=ROOT, pass_fds=(self.work,),
            stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=follower(signal.SIGTERM),
        )  # fmt: skip


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
