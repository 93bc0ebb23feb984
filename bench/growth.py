"""Whether it stays as fast when much is there: a million bookings, or a hundred thousand events, made in the tables.

Two Frontrows run side by side and are measured in turn, since a machine may be a third faster or slower minutes later.
"""

import statistics
import subprocess
from pathlib import Path

from bench.measures import Figures, Measures
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


def compared(sides: dict[str, Measures], turns: int, what: str) -> Figures:
    """The bookings a second of each side while the other rests: the mean of so many turns.

    Every second turn goes the other way round, so that what the machine gains or loses meanwhile, both do.
    """
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(turns):
        for name in list(sides)[:: (-1) ** turn]:
            for side in sides.values():
                side.stage.quiet()
            rates[name].append(sides[name].rate())
    return {f"hot_of_{name}_{what}": statistics.mean(found) for name, found in rates.items()}
