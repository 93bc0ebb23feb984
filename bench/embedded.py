"""Frontrow in one process: what `make up` runs, on the same machine as the services, after these have stopped."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from psycopg.conninfo import make_conninfo

from bench.stage import MANY_EVENTS, Stage
from frontrow.embedded import installation
from frontrow.embedded.processes import follower
from frontrow.fleet.topology import ROOT
from tests.embedded.system import free_port
from tests.journeys.traveller import answers


class Alone(Stage):
    """An embedded Frontrow that runs."""

    def __init__(self, address: str, folder: Path):
        with installation.borrowed(folder / "data", "make bench") as found:
            super().__init__(address, folder, lambda service: found)

    def url(self, service: str) -> str:
        """Its database, as PostgreSQL's own programs want it told."""
        told = urlsplit(self.settings(service)["DATABASE_URL"])
        sockets, _, database = unquote(told.path).removeprefix("/").rpartition("/")
        return make_conninfo(host=sockets, dbname=database, user=told.username)


@contextlib.contextmanager
def embedded(folder: Path) -> Iterator[Alone]:
    """One that is started fresh, with its data in a folder, and stopped."""
    folder.mkdir()
    port = free_port()
    command = [sys.executable, "-m", "frontrow", "up", "--port", str(port), "--data", str(folder / "data")]
    with (folder / "log").open("wb") as log:
        up = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **MANY_EVENTS},
            stdout=log,
            stderr=log,
            preexec_fn=follower(15),
        )
    try:
        if not answers(f"http://127.0.0.1:{port}", up):
            raise RuntimeError((folder / "log").read_text()[-2000:])
        yield Alone(f"http://127.0.0.1:{port}", folder)
    finally:
        up.terminate()
        up.wait(60)
