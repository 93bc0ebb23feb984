"""kill -9 while people register, in every combination: nobody who was told 201 is ever lost."""

import threading
import time

from tests.embedded.running import Frontrow
from tests.embedded.system import Process, kill, wait
from tests.embedded.table import HEAL, START, Table, start, stop


def survives(table: Table, frontrow: Frontrow, people: list[str]) -> None:
    """kill -9 while people register; whoever was told 201 can sign in after the next `make up`."""
    start(table, frontrow, people, "make up again")
    for roles in (
        ["make", "supervisor", "server", "worker", "postgres", "everything else"],
        ["make", "supervisor"],
        ["supervisor"],
        ["supervisor", "server"],
        ["supervisor", "worker"],
        ["supervisor", "postgres"],
        ["server", "worker", "postgres"],
        ["everything else", "postgres", "worker", "server", "supervisor", "make"],
    ):
        words = ", ".join(roles)
        table.check(
            f"kill -9 under fire of {words}", START, lambda roles=roles: under_fire(frontrow, people, roles)
        )
        if "supervisor" in roles:
            start(table, frontrow, people, "  make up at once: goes on with all data")
    stop(table, frontrow, "Ctrl-C after all that", frontrow.ctrl_c)


def under_fire(frontrow: Frontrow, people: list[str], roles: list[str]) -> float | None:
    told: list[str] = []
    ceasefire = threading.Event()

    def register() -> None:
        while not ceasefire.is_set():
            try:
                told.append(frontrow.register())
            except (OSError, ValueError):
                time.sleep(0.05)

    guests = [threading.Thread(target=register) for _ in range(2)]
    for guest in guests:
        guest.start()
    time.sleep(0.5)
    chosen = choose(frontrow, roles)
    kill(chosen)
    began = time.monotonic()
    wait(2, lambda: not any(process.lives for process in chosen), "dead")
    ceasefire.set()
    for guest in guests:
        guest.join(20)
    people[:] = [*people[:1], *people[-2:], *told[-8:]]
    if "supervisor" not in roles:
        wait(HEAL * 3, lambda: all(map(frontrow.knows, people)), "everybody signs in")
    return time.monotonic() - began


def choose(frontrow: Frontrow, roles: list[str]) -> list[Process]:
    named = frontrow.roles()
    others = [process for process in frontrow.all() if process not in named.values()]
    return [process for role in roles for process in (others if role == "everything else" else [named[role]])]
