"""Whether it stays as fast when much is there: a million bookings, or a hundred thousand events, made in the tables.

Two Frontrows run side by side and are measured in turn, since a machine may be a third faster or slower minutes later.
"""

import subprocess
from pathlib import Path

from bench.stage import Stage
from frontrow.fleet import packages

HERE = Path(__file__).parent
SECONDS = 600  # for the tables to be filled, and looked at by PostgreSQL


def fill(stage: Stage, bookings: int, events: int) -> None:
    """Make so many bookings of one old event, and so many events, as the services would have."""
    program = packages.postgres_programs() / "psql"
    words = [program, "-qX", "-vON_ERROR_STOP=1", f"-vbookings={bookings}", f"-vevents={events}",
             "-f", HERE / "sql" / "fill.sql", stage.url("bookings")]  # fmt: skip
    subprocess.run(words, check=True, timeout=SECONDS)
