"""Started, stopped, killed at every point, and nothing lost. A person who was registered can sign in."""

import base64
import itertools
import json
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

from tests.embedded.killing import survives
from tests.embedded.running import Frontrow
from tests.embedded.system import kill, wait
from tests.embedded.table import HEAL, INSTALL, START, STOP, Table, start, stop

MOMENTS = (0.3, 0.6, 0.9, 1.4, 2.0)  # of a first start, in seconds: making the data, migrating, serving


def check(table: Table, frontrow: Frontrow) -> None:
    """All of it, on one checkout that was not installed yet."""
    people: list[str] = []
    stops(table, frontrow, people)
    heals(table, frontrow, people)
    survives(table, frontrow, people)
    becomes_administrator(table, frontrow, people)
    interrupted_installs(table, frontrow, people)
    interrupted_starts(table, frontrow)


def interrupted_installs(table: Table, frontrow: Frontrow, people: list[str]) -> None:
    """Broken off while the virtual environment is made, then while packages are installed."""
    frontrow.command("clean")
    ways = ((1.5, "kill -9", lambda: kill(frontrow.all())), (6, "Ctrl-C", frontrow.ctrl_c))
    for seconds, words, end in ways:

        def act(seconds: float = seconds, end: Callable[[], None] = end) -> float:
            frontrow.up()
            time.sleep(seconds)
            end()
            return frontrow.gone(STOP)

        table.check(f"{words} {seconds} s into installing", STOP, act)
    start(table, frontrow, people, "make up after these", INSTALL)
    stop(table, frontrow, "Ctrl-C", frontrow.ctrl_c)


def stops(table: Table, frontrow: Frontrow, people: list[str]) -> None:
    start(table, frontrow, people, "first make up, everything downloaded anew", INSTALL)
    if not people:
        raise RuntimeError("without a first start the rest tells nothing")
    stop(table, frontrow, "Ctrl-C", frontrow.ctrl_c)
    start(table, frontrow, people, "second make up")
    stop(table, frontrow, "SIGTERM to make", lambda: frontrow.roles()["make"].send(signal.SIGTERM))
    start(table, frontrow, people, "make up again")
    stop(
        table,
        frontrow,
        "SIGTERM to the supervisor",
        lambda: frontrow.roles()["supervisor"].send(signal.SIGTERM),
    )
    start(table, frontrow, people, "make up again")
    clients: list[socket.socket] = []

    def despite_clients() -> None:
        clients.extend(cling(frontrow.port))
        frontrow.ctrl_c()

    stop(table, frontrow, "Ctrl-C while clients keep connections and requests open", despite_clients)
    for client in clients:
        client.close()
    start(table, frontrow, people, "make up again")

    def impatient() -> None:
        frontrow.ctrl_c()
        frontrow.ctrl_c()

    stop(table, frontrow, "Ctrl-C twice", impatient)


def cling(port: int) -> list[socket.socket]:
    """Clients that do not let go: kept alive, half a head, half a body."""
    half_body = (
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    )
    clients = []
    for words in 3 * (b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /readyz HTT", half_body):
        client = socket.create_connection(("127.0.0.1", port), timeout=5)
        client.sendall(words)
        clients.append(client)
    time.sleep(0.5)
    return clients


def heals(table: Table, frontrow: Frontrow, people: list[str]) -> None:
    """What ends while the supervisor lives comes back by itself, and says so."""
    start(table, frontrow, people, "make up again")
    for role in ("server", "worker", "postgres"):

        def act(role: str = role) -> float:
            said = len(frontrow.said())
            frontrow.roles()[role].send(signal.SIGKILL)
            noticed = wait(HEAL, lambda: "ended by itself" in frontrow.said()[said:], "a line in the log")
            return noticed + wait(HEAL * 3, lambda: frontrow.knows(people[0]), "signing in again")

        table.check(f"kill -9 of {role}: comes back by itself", HEAL, act)
    table.check(
        "kill -9 of worker five times in a row: comes back",
        HEAL * 6,
        lambda: again_and_again(frontrow, people),
    )
    stop(
        table,
        frontrow,
        "kill -9 of make: its terminal stops the rest",
        lambda: kill([frontrow.roles()["make"]]),
    )


def again_and_again(frontrow: Frontrow, people: list[str]) -> float:
    began = time.monotonic()
    for _ in range(5):
        wait(HEAL * 3, lambda: frontrow.knows(people[0]), "signing in again")
        frontrow.roles()["worker"].send(signal.SIGKILL)
        time.sleep(0.2)
    wait(HEAL * 3, lambda: frontrow.knows(people[0]), "signing in again")
    return time.monotonic() - began


def becomes_administrator(table: Table, frontrow: Frontrow, people: list[str]) -> None:
    def made(name: str) -> None:
        done = frontrow.command("admin", f"LOGIN={name}", *frontrow.given)
        if done.returncode:
            raise ValueError(done.stdout + done.stderr)

    table.check("make admin while Frontrow is down", START, lambda: made(people[0]))
    table.check("  leaves nothing running", 1, lambda: frontrow.gone(STOP))
    start(table, frontrow, people, "make up again")
    table.check("  the person is an administrator", 2, lambda: administrates(frontrow, people[0]))
    table.check("make admin while Frontrow is up", START, lambda: made(people[-1]))
    table.check("  the person is an administrator", 2, lambda: administrates(frontrow, people[-1]))
    stop(table, frontrow, "Ctrl-C", frontrow.ctrl_c)


def administrates(frontrow: Frontrow, name: str) -> None:
    claims = frontrow.sign_in(name)["accessToken"].split(".")[1]
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(claims + "=="))
    if "admin" not in told["roles"]:
        raise ValueError(told)


def interrupted_starts(table: Table, frontrow: Frontrow) -> None:
    """Broken off at every moment of a first start, on fresh data; the next start succeeds each time."""
    data, given = frontrow.data, frontrow.given
    for number, (moment, way) in enumerate(itertools.product(MOMENTS, ("Ctrl-C", "kill -9"))):
        frontrow.data = data.parent / f"fresh-{number}"
        frontrow.given = [f"DATA={frontrow.data}"]

        def act(way: str = way, moment: float = moment) -> float:
            frontrow.up()
            time.sleep(moment)
            frontrow.ctrl_c() if way == "Ctrl-C" else kill(frontrow.all())
            return frontrow.gone(STOP * 2)

        table.check(f"{way} {moment} s into a first start", STOP, act)
        start(table, frontrow, [], "  make up after this")
        stop(table, frontrow, "  Ctrl-C", frontrow.ctrl_c)
    frontrow.data, frontrow.given = data, given
