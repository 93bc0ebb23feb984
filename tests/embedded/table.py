"""The table of `make lifecycle`: what was done, how long it took, and how long it may take."""

import time
from collections.abc import Callable

from tests.embedded.running import Frontrow

INSTALL, START, STOP, HEAL = 120, 10, 10, 10  # seconds


class Table:
    """Prints each check as it ends, and remembers whether one failed."""

    def __init__(self) -> None:
        self.failed = 0
        self.situation = ""
        print(f"{'situation':<16} {'what':<66} {'seconds':>8} {'limit':>6}")

    def check(self, what: str, limit: float, act: Callable[[], float | None]) -> None:
        """Do it; it fails by raising, or by taking longer than its limit."""
        began, flaw = time.monotonic(), ""
        try:
            took = act() or time.monotonic() - began
            flaw = "" if took <= limit else "too slow"
        except Exception as error:  # noqa: BLE001  # whatever it is, the table tells, and the rest goes on
            took, flaw = time.monotonic() - began, " ".join(f"{type(error).__name__}: {error}".split())
        self.failed += bool(flaw)
        print(f"{self.situation:<16} {what:<66} {took:>8.2f} {limit:>6.0f}  {flaw or 'ok'}", flush=True)


def start(table: Table, frontrow: Frontrow, people: list[str], what: str, limit: float = START) -> None:
    """`make up`, and everybody who ever registered can sign in; then one more registers."""

    def act() -> float:
        began = time.monotonic()
        frontrow.up()
        frontrow.ready(limit * 3)
        took = time.monotonic() - began
        for name in people:
            frontrow.sign_in(name)
        people.append(frontrow.register())
        return took

    table.check(what, limit, act)


def stop(table: Table, frontrow: Frontrow, what: str, order: Callable[[], None]) -> None:
    def act() -> float:
        order()
        return frontrow.gone(STOP * 2)

    table.check(what, STOP, act)
