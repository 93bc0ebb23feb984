"""A private PostgreSQL for one folder of data, run from the binaries of the wheel.

Nothing here imports Django: the supervisor that uses it stays small. Why we run the binaries ourselves
is told in docs/decisions/0002-postgresql-from-a-wheel.md.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from frontrow.embedded import postgres_home
from frontrow.embedded.postgres_home import ACCOUNT, MAJOR, PostgresError, Way, own
from frontrow.embedded.processes import STOPPING, end_postgres, follower

__all__ = ["Postgres", "PostgresError"]

PSQL_SECONDS = 60
MAX_CONNECTIONS = 250  # one for each of at most 200 threads, and some for background work and people


class Postgres:
    """One server on a Unix socket below `folder`; a child of this process.

    The caller holds the folder's lock. `pause` is how it waits; it may raise to give up.
    """

    def __init__(
        self,
        folder: Path,
        options: dict[str, str] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ):
        self.folder, self.pause = folder, pause
        self.data = folder / "postgres"
        self.log = folder / "postgres.log"
        self.options = {"listen_addresses": "", "max_connections": str(MAX_CONNECTIONS), **(options or {})}
        self.account = postgres_home.account()
        self.bin = postgres_home.programs(self.account)
        self.sockets = postgres_home.socket_folder(folder)
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, user: str = ACCOUNT) -> str:
        """The DATABASE_URL of one of its databases."""
        return f"postgres://{user}@/{quote(str(self.sockets))}/{database}"

    def start(self) -> None:
        """Start and return when it accepts connections, however long recovery takes.

        Raises PostgresError if it ends instead; its log says why.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        own(self.sockets, self.account)
        if not self.data.exists():
            self._initialise()
        self._check()
        self._end_orphans()
        self._launch()
        while not self._ready():
            if not self.alive():
                raise PostgresError(f"PostgreSQL did not start: {self._last_words()} (more in {self.log})")
            self.pause(0.02)

    def alive(self) -> bool:
        """Whether our server still runs."""
        return self.process is not None and self.process.poll() is None

    def answers(self) -> bool:
        """Whether a server, ours or another supervisor's, listens on the folder's socket."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(self.sockets / ".s.PGSQL.5432"))
            return True
        return False

    def ensure_database(self, name: str, owner: str = ACCOUNT) -> None:
        """Make the role and the database unless they exist. The names are ours, never a client's."""
        script = (
            f"SELECT 'CREATE ROLE {owner} LOGIN' WHERE NOT EXISTS"
            f" (SELECT FROM pg_roles WHERE rolname = '{owner}')\n\\gexec\n"
            f"SELECT 'CREATE DATABASE {name} OWNER {owner}' WHERE NOT EXISTS"
            f" (SELECT FROM pg_database WHERE datname = '{name}')\n\\gexec\n"
        )
        command = [str(self.bin / "psql"), "-qX", "-vON_ERROR_STOP=1", f"-h{self.sockets}", "-Upostgres"]
        plain = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        done = subprocess.run(
            command, input=script, capture_output=True, text=True, timeout=PSQL_SECONDS, env=plain
        )
        if done.returncode:
            raise PostgresError(f"PostgreSQL refused to make the database {name}: {done.stderr.strip()}")

    def stop(self) -> None:
        """Stop it, the harder the longer it takes."""
        for order, seconds in STOPPING:
            if self.process and self.alive():
                self.process.send_signal(order)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(seconds)
        if self.sockets.parent != self.folder:
            with contextlib.suppress(OSError):
                self.sockets.rmdir()

    def _initialise(self) -> None:
        """initdb beside the final place, then rename: a kill in the middle leaves nothing half made."""
        fresh = self.folder / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        own(fresh, self.account)
        with Way(fresh, self.account) as place, self.log.open("ab") as log:
            command = [self.bin / "initdb", "-D", place.path, "-U", "postgres", "--auth=trust"]
            locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            initdb = self._spawn([*command, *locale, "--locale=C"], log, place)
            try:
                while initdb.poll() is None:
                    self.pause(0.02)
            finally:
                initdb.kill()
                initdb.wait()
        if initdb.returncode:
            raise PostgresError(f"PostgreSQL's initdb failed; see the end of {self.log}")
        fresh.rename(self.data)

    def _check(self) -> None:
        """Raise PostgresError unless the data are of this version and this account."""
        version = self.data / "PG_VERSION"
        if not version.exists():
            raise PostgresError(f"{self.data} was not made by PostgreSQL; choose another DATA.")
        if (found := version.read_text().strip()) != MAJOR:
            raise PostgresError(
                f"{self.data} was made by PostgreSQL {found} and this is {MAJOR}: dump it with the old"
                " version and load it with the new, or choose another DATA."
            )
        if self.data.stat().st_uid != (self.account.pw_uid if self.account else os.geteuid()):
            raise PostgresError(
                f"{self.data} belongs to another user than PostgreSQL would run as: start Frontrow as"
                " whoever made it, or choose another DATA."
            )

    def _launch(self) -> None:
        with (
            Way(self.data, self.account) as data,
            Way(self.sockets, self.account) as sockets,
            self.log.open("ab") as log,
        ):
            quoted = sockets.path.replace('"', '""')
            settings = {
                **self.options,
                "cluster_name": self._title(),
                "unix_socket_directories": f'"{quoted}"',
            }
            arguments = [f"--{name}={value}" for name, value in settings.items()]
            self.process = self._spawn(
                [self.bin / "postgres", "-D", data.path, *arguments], log, data, sockets
            )

    def _spawn(self, command: list[Any], log: IO[bytes], *ways: Way) -> subprocess.Popen[bytes]:
        who: dict[str, Any] = {}
        if self.account:
            who = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", umask=0o077,
            pass_fds=[way.fd for way in ways if way.fd is not None],
            start_new_session=True, preexec_fn=follower(signal.SIGINT), **who,
        )  # fmt: skip

    def _ready(self) -> bool:
        with contextlib.suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().split("\n")
            ours = self.process is not None and lines[0] == str(self.process.pid)
            return ours and len(lines) > 7 and "ready" in lines[7]
        return False

    def _last_words(self) -> str:
        said = self.log.read_text(errors="replace").splitlines()
        return next(
            (line for line in reversed(said) if "FATAL" in line or "PANIC" in line), "it said nothing"
        )

    def _title(self) -> str:
        """Marks the folder's processes; the same wherever it is moved."""
        place = self.data.stat()
        return f"frontrow-{place.st_dev:x}-{place.st_ino:x}"

    def _end_orphans(self) -> None:
        """End what is left of a server whose supervisor was killed, and forget its pid files.

        The pids in these files may since belong to anybody; the titles are ours.
        """
        if not Path("/proc/self").exists():
            return
        end_postgres(self._title(), self.pause)
        for file in (self.data / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*.lock")):
            file.unlink(missing_ok=True)
