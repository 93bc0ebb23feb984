"""What time it is: the database's, which all processes share, however wrong the clock of a machine is.

Each new connection asks for it; from then on it is counted by what no setting of a clock moves.
Who has no database has the machine's.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db import connection as own
from django.db.backends.signals import connection_created
from django.utils import timezone

log = structlog.get_logger(__name__)
STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while a laptop sleeps
SURE = 0.25  # seconds that an answer may take to be worth more than what is known
TRIES = 3  # for an answer as quick as that
NOTED = timedelta(seconds=2)  # by which a machine may be wrong without a word
_shared = False
_known: tuple[datetime, float] | None = None  # a time of the database, and what the steady clock showed then


def now() -> datetime:
    """The time, in UTC. Raises OperationalError where nobody could be asked yet."""
    learn()
    if _known is None:
        return timezone.now()
    moment, shown = _known
    return moment + timedelta(seconds=time.clock_gettime(STEADY) - shown)


def seconds() -> float:
    """The same in seconds since 1970, for who asks often."""
    learn()
    if _known is None:
        return time.time()
    moment, shown = _known
    return moment.timestamp() + time.clock_gettime(STEADY) - shown


def share() -> None:
    """Go by the database from now on."""
    global _shared
    _shared = True
    connection_created.connect(ask)


def alone() -> None:
    """Go by the machine again."""
    global _shared, _known
    _shared, _known = False, None
    connection_created.disconnect(ask)


def is_known() -> bool:
    """Whether one can tell the time without asking the database."""
    return _known is not None or not _shared


def learn() -> None:
    """Ask the database if nobody did yet: with a wrong machine a first look would end all holds."""
    if is_known():
        return
    own.ensure_connection()  # which asks
    if _known is None:  # an earlier connection's question failed
        ask(own)


def ask(connection: Any, **_: object) -> None:
    """Learn the time from a new connection to the database: a receiver of `connection_created`."""
    global _known
    for _try in range(TRIES):
        with connection.connection.cursor() as cursor:
            began = time.clock_gettime(STEADY)
            moment = cursor.execute("SELECT clock_timestamp()").fetchone()[0]
            took = time.clock_gettime(STEADY) - began
        if took <= SURE:
            break
    if _known is not None and took > SURE:
        return
    _known = moment.astimezone(UTC), began + took / 2
    wrong = timezone.now() - now()
    if abs(wrong) > NOTED:
        log.warning("clock_is_wrong", seconds=round(wrong.total_seconds()))
