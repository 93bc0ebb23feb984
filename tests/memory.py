"""`make memory`: what an idle Frontrow holds, after each service was used once. Exit 1 if it is too much.

Resident memory counts pages once for each process that shares them, so the sum is an upper bound.
"""

import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from frontrow.chassis.environment import SERVICES
from tests.embedded.running import Frontrow
from tests.embedded.system import Process

ROOT = Path(__file__).parents[1]
LIMIT = 250  # MB, without PostgreSQL
NOBODY = "01900000-0000-7000-8000-000000000000"


def touch(frontrow: Frontrow) -> None:
    """Use every service once: its pages and documents, each read of its API, a sale."""
    name = frontrow.register()
    session = frontrow.sign_in(name)
    year = time.gmtime().tm_year + 3
    event = {
        "title": "Night of the Proms", "description": "Last night.", "date": f"{year}-07-01T19:30:00Z",
        "endDate": f"{year}-07-01T23:00:00Z", "timezone": "UTC", "location": "Berlin",
        "capacity": 9, "price": 0, "currency": "EUR",
    }  # fmt: skip
    status, listed = frontrow.call("POST", "/events", event, session["accessToken"])
    if status != 201:
        raise ValueError(listed)
    token, known = session["accessToken"], {"userId": session["userId"], "eventId": listed["eventId"]}
    frontrow.call("POST", "/bookings", {"eventId": listed["eventId"], "quantity": 1}, token)
    for page in ("/", "/docs", f"/e/{listed['eventId']}/night-of-the-proms", "/signin", "/sitemap.xml"):
        frontrow.call("GET", page)
    for service in SERVICES:
        document: dict[str, Any] = frontrow.call("GET", f"/openapi/{service}.json")[1]
        for path in (path for path, item in document["paths"].items() if "get" in item):
            place = re.sub(r"{(\w+)}", lambda field: known.get(field[1], NOBODY), path)
            frontrow.call("GET", place, None, token)


def settled(frontrow: Frontrow, seconds: float = 30) -> dict[str, list[Process]]:
    """Its processes by owner, once their memory no longer changes by a megabyte in 3 seconds."""
    before, now, deadline = -9.0, 0.0, time.monotonic() + seconds
    while abs(now - before) >= 1 and time.monotonic() < deadline:
        time.sleep(3)
        before, now = now, megabytes(frontrow.all())
    groups: dict[str, list[Process]] = {"Frontrow": [], "PostgreSQL": []}
    for process in frontrow.all():
        program = process.command.split(" ")[0]
        groups["PostgreSQL" if "postgres" in program.rpartition("/")[2] else "Frontrow"].append(process)
    return groups


def megabytes(processes: list[Process]) -> float:
    return sum(process.resident for process in processes) / 1e6


def main() -> int:
    with (
        tempfile.TemporaryDirectory(prefix="frontrow-memory-") as folder,
        Frontrow(ROOT, Path(folder) / "data") as frontrow,
    ):
        frontrow.up()
        frontrow.ready(120)
        touch(frontrow)
        sums = {name: show(name, processes) for name, processes in settled(frontrow).items()}
        frontrow.ctrl_c()
        frontrow.gone(10)
    ours = sums["Frontrow"]
    print(
        f"Without PostgreSQL {ours:.0f} MB; the limit is {LIMIT} MB: {'ok' if ours <= LIMIT else 'too much'}."
    )
    return 0 if ours <= LIMIT else 1


def show(name: str, processes: list[Process]) -> float:
    for process in processes:
        print(f"{megabytes([process]):8.1f} MB  {process.command[:90]}")
    print(f"{megabytes(processes):8.1f} MB  {name}, {len(processes)} processes\n")
    return megabytes(processes)


if __name__ == "__main__":
    sys.exit(main())
