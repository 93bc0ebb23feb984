"""Each service alone: a process, a database and an address of its own, asking the others over the network."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from tests.embedded.system import free_port
from tests.journeys.traveller import answers

ROOT = Path(__file__).parents[1]
SERVICES = ("users", "events", "bookings", "payments", "notifications", "reviews")


@contextmanager
def services_alone(**changes: str) -> Iterator[dict[str, str]]:
    """The services' addresses, while they run under these settings."""
    ports = {service: free_port() for service in SERVICES}
    addresses = {service: f"http://127.0.0.1:{port}" for service, port in ports.items()}
    urls = {f"{service.upper()}_URL": address for service, address in addresses.items()}
    frontrow = [sys.executable, "-m", "frontrow"]
    with ExitStack() as stack:

        def begun(does: str) -> dict[str, subprocess.Popen[bytes]]:
            return {
                service: subprocess.Popen([*frontrow, does], cwd=ROOT, env=environment)
                for service, environment in environments.items()
            }

        environments = {
            service: {
                **os.environ, **urls, "SERVICES": service, "PORT": str(port), "WORK_IN_PROCESS": "true",
                "DATABASE_URL": stack.enter_context(OwnDatabase(service)), **changes,
            }
            for service, port in ports.items()
        }  # fmt: skip
        assert [process.wait(60) for process in begun("migrate").values()] == [0] * len(SERVICES)
        serving = begun("serve")
        # What is said last is done first: all are told to end before one is waited for.
        for process in serving.values():
            stack.callback(process.wait, 30)
        for process in serving.values():
            stack.callback(process.terminate)
        assert all(answers(addresses[service], process) for service, process in serving.items())
        yield addresses


class OwnDatabase:
    """A database of its own on the tests' server, dropped in the end; gives its URL."""

    def __init__(self, service: str):
        server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
        self.server, self.name = server, f"alone_{service}_{os.getpid()}"
        self.url = f"{self.server}/{self.name}"

    def __enter__(self) -> str:
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", "CREATE DATABASE {}")
        return self.url

    def __exit__(self, *_: object) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)")

    def connect(self, database: str = "") -> "psycopg.Connection[tuple[object, ...]]":
        """A connection to it, or to another of this server; what it executes is committed at once."""
        folder = self.server.removeprefix("postgres://postgres@/")
        return psycopg.connect(host=folder, user="postgres", dbname=database or self.name, autocommit=True)

    def _run(self, *statements: LiteralString) -> None:
        with self.connect("postgres") as connection:
            for statement in statements:
                connection.execute(sql.SQL(statement).format(sql.Identifier(self.name)))
