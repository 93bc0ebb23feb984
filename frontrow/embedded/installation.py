"""One installation is one folder of data: who works on it, its secret, and how to reach its database.

Nothing here imports Django: the supervisor that uses it stays small.
"""

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

from frontrow.embedded.postgres import Postgres

DATABASE = "frontrow"
ORPHAN_SECONDS = 8  # what a killed supervisor leaves behind ends within this time
LOCK_TICK = 0.05


class NotStarted(Exception):
    """Frontrow cannot start here; the message says why and what to do."""


class InUse(NotStarted):
    """Another process works on this folder."""


@contextlib.contextmanager
def held(folder: Path, by: str, pause: Callable[[float], None] = time.sleep) -> Iterator[int]:
    """Hold the folder; yields a descriptor that each child keeps open for as long as it works.

    So a supervisor that was killed frees the folder at once, and its successor waits only for the
    children it left. Raises InUse, and NotStarted if the folder cannot be used.
    """
    with _opened(folder, "lock") as lock, _opened(folder, "work.lock") as work:
        if not _locked(lock):
            lock.seek(0)
            raise InUse(f"Frontrow already runs on {folder}: {lock.read() or 'it is just starting'}.")
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, {by}")
        lock.flush()
        deadline = time.monotonic() + ORPHAN_SECONDS
        while not _locked(work):
            if time.monotonic() > deadline:
                raise InUse(f"Processes of an earlier Frontrow still work on {folder}; end them first.")
            pause(LOCK_TICK)
        yield work.fileno()


def _opened(folder: Path, name: str) -> IO[str]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return (folder / name).open("a+")
    except OSError as error:
        raise NotStarted(
            f"DATA={folder} cannot be used ({error.strerror}): choose a folder that you may write to."
        ) from None


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def environment(folder: Path, postgres: Postgres) -> dict[str, str]:
    """The environment of a process that works on the folder's database."""
    return {
        "SECRET_KEY": secret(folder, "secret_key"),
        "EMAIL_URL": f"filemail://{quote(str(folder / 'mail'))}",
        **os.environ,
        "DATABASE_URL": postgres.url(DATABASE),
        "DJANGO_SETTINGS_MODULE": "frontrow.settings",
    }


def secret(folder: Path, name: str) -> str:
    """A secret of the installation, made on the first start and kept beside the data."""
    place = folder / name
    if not place.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = folder / f"{name}.new"
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        with fresh.open("w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(place)
    return place.read_text()


@contextlib.contextmanager
def borrowed(folder: Path, by: str, make: bool = False) -> Iterator[dict[str, str]]:
    """The environment for a short command, whether Frontrow runs on the folder or not.

    If it does not, PostgreSQL runs for the moment. A folder without Frontrow is made one, or refused.
    Raises NotStarted, PostgresError.
    """
    if not make and not (folder / "postgres").exists():
        raise NotStarted(f"There is no Frontrow in {folder}; name the folder of its data: DATA=…")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(held(folder, by))
        except InUse as error:
            postgres = Postgres(folder)
            if not postgres.answers():
                raise NotStarted(f"{error} Its database does not answer; try again in a moment.") from None
        else:
            postgres = Postgres(folder)
            stack.callback(postgres.stop)
            postgres.start()
            postgres.ensure_database(DATABASE)
        yield environment(folder, postgres)
