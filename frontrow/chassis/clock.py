"""What time it is: the database's, which all processes share, however wrong the clock of a machine is.

Each new connection asks for it; from then on it is counted by what no setting of a clock moves.
Who has no database has the machine's.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.utils import timezone

log = structlog.get_logger(__name__)
STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while a laptop sleeps
SURE = 0.25  # seconds that an answer may take to be worth more than what is known
NOTED = timedelta(seconds=2)  # by which a machine may be wrong without a word
_known: tuple[datetime, float] | None = None  # a time of the database, and what the steady clock showed then


def now() -> datetime:
    """The time, in UTC."""
    if _known is None:
        return timezone.now()
    moment, shown = _known
    return moment + timedelta(seconds=time.clock_gettime(STEADY) - shown)


def ask(connection: Any, **_: object) -> None:
    """Learn the time from a new connection to the database: a receiver of `connection_created`."""
    global _known
    with connection.connection.cursor() as cursor:
        began = time.clock_gettime(STEADY)
        moment = cursor.execute("SELECT clock_timestamp()").fetchone()[0]
        took = time.clock_gettime(STEADY) - began
    if _known is not None and took > SURE:
        return
    _known = moment.astimezone(UTC), began + took / 2
    wrong = timezone.now() - now()
    if abs(wrong) > NOTED:
        log.warning("clock_is_wrong", seconds=round(wrong.total_seconds()))


def forget() -> None:
    """Have the machine's own time again."""
    global _known
    _known = None
