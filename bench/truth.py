"""Whether what was told during a load is true, read from the tables."""

from pathlib import Path

from bench.load import Run
from bench.stage import Stage

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
WRONG_STOCK = """
    SELECT count(*) FROM bookings_eventstock stock
    LEFT JOIN (
        SELECT event_id, sum(quantity) AS places FROM bookings_booking
        WHERE status IN ('held', 'confirmed') GROUP BY event_id
    ) live USING (event_id)
    WHERE taken <> coalesce(places, 0) OR taken > capacity"""


class Untrue(AssertionError):
    """A figure is worth nothing: what was answered did not happen, or more happened than may."""


def check_durable(stage: Stage) -> None:
    """PostgreSQL waited for the disk."""
    for name, wanted in DURABLE.items():
        if (found := stage.row("bookings", f"SHOW {name}")) != (wanted,):
            raise Untrue(f"{name} is {found}")


def check_stock(stage: Stage) -> None:
    """I1 and I2, for every event."""
    if (wrong := stage.row("bookings", WRONG_STOCK)) != (0,):
        raise Untrue(f"the stock of {wrong} events is wrong")


def check_booked(stage: Stage, events: Path, runs: list[Run], connections: int) -> None:
    """I3: each answer of success is a booking; what the end of a load cut off may be one, too."""
    made = stage.row("bookings", "SELECT count(*) FROM bookings_booking WHERE event_id = ANY (%s::uuid[])",
                     [events.read_text().split()])  # fmt: skip
    told = sum(run.booked for run in runs)
    if made is None or not told <= made[0] <= told + connections * len(runs):
        raise Untrue(f"{told} were told that they have a booking, there are {made}")
