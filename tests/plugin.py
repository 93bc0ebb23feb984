"""Starts the PostgreSQL of a test run: the wheel's, in a temporary folder, stopped at the end."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from frontrow.embedded.postgres import Postgres

os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 40
_folder: Path | None = None
_postgres: Postgres | None = None

if "DATABASE_URL" not in os.environ:  # a worker of a parallel run inherits it
    _folder = Path(tempfile.mkdtemp(prefix="frontrow-tests-"))
    _postgres = Postgres(_folder, {"fsync": "off", "max_connections": "150"})
    _postgres.start()
    _postgres.ensure_database("frontrow")
    os.environ["DATABASE_URL"] = _postgres.url("frontrow", user="postgres")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--address", help="run the journeys against a Frontrow that is up, such as http://localhost:8000"
    )


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    if _postgres and _folder:
        _postgres.stop()
        shutil.rmtree(_folder, ignore_errors=True)
