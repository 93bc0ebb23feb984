"""What our state machines share: how long they run, and a world of each run's own, which ends with it.

`make machines` runs them for much longer. What fails is kept in .hypothesis and tried first the next time; the
blob that is printed with it does the same anywhere, as @reproduce_failure above the machine.
"""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import time_machine
from django.core.cache import caches
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

Thing = TypeVar("Thing")
BEGIN = datetime(2030, 3, 1, 12, tzinfo=UTC)
LONG = "machines"
ALWAYS: dict[str, Any] = {
    "deadline": None, "print_blob": True, "suppress_health_check": list(HealthCheck),
}  # fmt: skip
settings.register_profile(LONG, max_examples=300, stateful_step_count=60, **ALWAYS)
picks = st.integers(0, 5)  # one of the last of things that are not known beforehand


def pace(runs: int, steps: int) -> settings:
    """So many runs of so many steps, but those of the long profile when it was asked for."""
    if settings.get_current_profile_name() == LONG:
        return settings()
    return settings(max_examples=runs, stateful_step_count=steps, **ALWAYS)


def one(things: Sequence[Thing], pick: int) -> Thing:
    """The newest for 0: what happened lately is what can still go wrong."""
    return things[-1 - pick % len(things)]


class Machine(RuleBasedStateMachine):
    """Its runs leave nothing in the database, and time stands still until a rule moves it on."""

    def __init__(self) -> None:
        super().__init__()
        self.world = ExitStack()
        block = transaction.atomic()
        block._from_testcase = True  # type: ignore[attr-defined]  # so what commits within it counts as committed
        self.world.enter_context(block)
        self.world.callback(transaction.set_rollback, True)
        self.clock = self.world.enter_context(time_machine.travel(BEGIN, tick=False))
        for memory in caches.all():
            memory.clear()

    def pass_time(self, by: timedelta) -> None:
        self.clock.shift(by)

    def finish(self) -> None:
        """What must be true when all is quiet again."""

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # what has failed already is told as it is
                self.finish()
        finally:
            self.world.close()
