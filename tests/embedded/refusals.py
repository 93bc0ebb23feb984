"""What Frontrow refuses to start on: one sentence, exit code 2, and nothing left running."""

import shutil
import socket
import subprocess
from pathlib import Path

from tests.embedded.running import Frontrow
from tests.embedded.system import free_port
from tests.embedded.table import Table

SECONDS = 20


def before_installing(table: Table, frontrow: Frontrow, place: Path) -> None:
    """A Python without ensurepip, as Debian has it without python3-venv; and no Python at all."""
    without = place / "without-ensurepip"
    without.mkdir()
    (without / "ensurepip.py").write_text("raise ImportError\n")
    without.chmod(0o755)
    refused(
        table, frontrow, "a Python without ensurepip", "apt install python3-venv", PYTHONPATH=str(without)
    )
    refused(table, frontrow, "no Python", "found none as: no-such-python", "PYTHON=no-such-python")


def when_installed(table: Table, frontrow: Frontrow, place: Path) -> None:
    port, data = f"PORT={free_port()}", f"DATA={place / 'refused'}"
    for wrong in ("abc", "0", "65536", "", "²"):
        refused(
            table, frontrow, f"PORT={wrong}", "PORT must be a number from 1 to 65535", f"PORT={wrong}", data
        )
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        refused(
            table,
            frontrow,
            "a PORT in use",
            f"Port {number} of 127.0.0.1 cannot be used",
            f"PORT={number}",
            data,
        )
    refused(table, frontrow, "DATA=", "DATA must name a folder", port, "DATA=")
    refused(table, frontrow, "a DATA that is no folder", "cannot be used", port, "DATA=/dev/null")
    refused(table, frontrow, "a DATA below what is no folder", "cannot be used", port, "DATA=/dev/null/data")
    refused(table, frontrow, "a DATA that cannot be made", "cannot be used", port, "DATA=/proc/data")
    if frontrow.user:
        refused(table, frontrow, "a DATA of root's", "cannot be used", port, "DATA=/usr")
    refused(
        table, frontrow, "THREADS=abc", "THREADS: Input should be a valid integer", port, data, THREADS="abc"
    )
    refused(table, frontrow, "THREADS=999", "THREADS: Input should be less than", port, data, THREADS="999")
    refused(
        table, frontrow, "LOG_LEVEL=loud", "LOG_LEVEL: Input should be 'DEBUG'", port, data, LOG_LEVEL="loud"
    )
    refused(
        table,
        frontrow,
        "make admin on no Frontrow",
        "There is no Frontrow in",
        verb="admin LOGIN=ada DATA=/nowhere",
    )
    other_major(table, frontrow, port, place)
    twice(table, frontrow, port)


def other_major(table: Table, frontrow: Frontrow, port: str, place: Path) -> None:
    """The data of the refusals above, as if an older PostgreSQL had made them."""
    version = place / "refused" / "postgres" / "PG_VERSION"
    version.write_text("15\n")
    refused(
        table,
        frontrow,
        "DATA of PostgreSQL 15",
        "was made by PostgreSQL 15 and this is 18",
        port,
        f"DATA={place / 'refused'}",
    )
    version.unlink()
    refused(
        table,
        frontrow,
        "DATA that are not PostgreSQL's",
        "was not made by PostgreSQL",
        port,
        f"DATA={place / 'refused'}",
    )
    shutil.rmtree(place / "refused")


def twice(table: Table, frontrow: Frontrow, port: str) -> None:
    """A second `make up` on the same data, or the same port, does the first no harm."""

    def first() -> None:
        frontrow.up()
        frontrow.ready(SECONDS)

    table.check("make up again", SECONDS, first)
    table.check(
        "DATA in use: refused",
        SECONDS,
        lambda: says(frontrow, "already runs on", "up", port, *frontrow.given),
    )
    other = f"DATA={frontrow.data.parent / 'second'}"
    table.check(
        "PORT of another Frontrow: refused",
        SECONDS,
        lambda: says(frontrow, "cannot be used", "up", f"PORT={frontrow.port}", other),
    )
    table.check(
        "make admin LOGIN=nobody: refused",
        SECONDS,
        lambda: says(frontrow, "Nobody is registered", "admin", "LOGIN=nobody", *frontrow.given),
    )
    table.check("the first goes on", SECONDS, lambda: goes_on(frontrow))

    def last() -> None:
        frontrow.ctrl_c()
        frontrow.gone(SECONDS)

    table.check("Ctrl-C", SECONDS, last)


def goes_on(frontrow: Frontrow) -> None:
    frontrow.register()


def refused(
    table: Table, frontrow: Frontrow, what: str, words: str, *given: str, verb: str = "up", **environment: str
) -> None:
    def act() -> None:
        says(frontrow, words, *verb.split(), *given, **environment)
        if left := frontrow.all():
            raise ValueError(f"still there: {[process.command for process in left]}")

    table.check(f"refused: {what}", SECONDS, act)


def says(frontrow: Frontrow, words: str, *given: str, **environment: str) -> None:
    """Raises ValueError unless `make` ends with 2 and says just this."""
    done: subprocess.CompletedProcess[str] = frontrow.command(*given, **environment)
    said = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("make:")]
    if done.returncode != 2 or words not in "\n".join(said) or "Traceback" in done.stderr or len(said) > 4:
        raise ValueError(f"exit {done.returncode}: {done.stdout}{done.stderr}")
