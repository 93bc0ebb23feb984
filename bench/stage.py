"""What is measured: a fleet started fresh, its people and events, its processes' time, and whether all it said is true."""

import contextlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from bench import load
from frontrow.embedded.processes import follower
from frontrow.fleet import by_hand, postgres
from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import ROOT
from frontrow.listeners import LISTENERS
from tests.embedded.system import wait

HELD_BY_ONE = 5  # bookings that each person of a load makes at most, of the ten that they may hold
MOST_A_SECOND = 6000  # bookings
NOBODY_ELSE = 1_000_000  # places of an event that is not to sell out
AT_ONCE = 10_000  # people that are made by one process at least
MANY_EVENTS = {"EVENTS_PER_ORGANIZER": "1000000"}  # of the one organiser of all that is booked
QUIET_SECONDS = 300
LOOK = 0.5  # seconds between two looks at whether anybody has anything to do
IDLE = 0.4  # of a second that all processes together take in one when they have nothing to do


class Stage:
    """A running Frontrow, and what a load needs of it."""

    def __init__(self, address: str, folder: Path, settings: Callable[[str], dict[str, str]]):
        self.address, self.folder, self.settings = address, folder, settings  # the latter by a service's name
        self.strangers: list[str] = []
        self.organizer = self.people(1).read_text().strip()

    def people(self, count: int) -> Path:
        """A file of the access tokens of so many new people."""
        place = self.folder / f"people-{time.monotonic_ns()}"
        if len(self.strangers) < count:
            self.strangers += self._born(max(count, AT_ONCE))
        some, self.strangers = self.strangers[:count], self.strangers[count:]
        place.write_text("".join(f"{token}\n" for token in some))
        return place

    def _born(self, count: int) -> list[str]:
        """Tokens of so many people whom nobody has met. A process begins for longer than it signs thousands."""
        return subprocess.run(
            [sys.executable, "-m", "bench.people", str(count)], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
            env={**os.environ, **self.settings("users")},
        ).stdout.split()  # fmt: skip

    def events(self, count: int, capacity: int = NOBODY_ELSE) -> Path:
        """A file of the ids of so many new events of one ticket type, which bookings has heard of."""
        place = self.folder / f"events-{time.monotonic_ns()}"
        with httpx.Client(
            base_url=self.address, headers={"Authorization": f"Bearer {self.organizer}"}
        ) as client:
            made = [
                client.post("/events", json=_event(capacity)).raise_for_status().json() for _ in range(count)
            ]
        place.write_text("".join(f"{event['eventId']}\n" for event in made))
        deadline = time.monotonic() + QUIET_SECONDS
        while self.row("bookings", "SELECT count(*) FROM bookings_event WHERE event_id = ANY (%s)",
                       [[event["eventId"] for event in made]]) != (count,):  # fmt: skip
            if time.monotonic() > deadline:
                raise TimeoutError("bookings has not heard of the events")
            time.sleep(0.1)
        return place

    def url(self, service: str) -> str:
        """The database of a service."""
        return self.settings(service)["DATABASE_URL"]

    def row(self, service: str, query: str, values: Any = ()) -> tuple[Any, ...] | None:
        with psycopg.connect(self.url(service), autocommit=True) as connection:
            return connection.execute(query, values).fetchone()

    def book(self, events: Path, connections: int, seconds: int) -> load.Run:
        """Let new people book as fast as so many connections can."""
        return load.book(self.address, self.crowd(seconds), events, connections, seconds)

    def crowd(self, seconds: int) -> Path:
        """As many new people as a load of so many seconds can need."""
        return self.people(MOST_A_SECOND * seconds // HELD_BY_ONE)


class Services(Stage):
    """The six services, each in processes of its own, behind the gateway."""

    def __init__(self, fleet: Fleet, folder: Path):
        self.fleet = fleet
        super().__init__(fleet.address, folder, self._beside_the_data)

    def _beside_the_data(self, service: str) -> dict[str, str]:
        outside = {"DATABASE_URL": postgres.url(self.fleet._ground, service)}
        return by_hand.settings(self.fleet.folder, service) | outside

    @contextlib.contextmanager
    def without_database(self) -> Iterator[None]:
        """Meanwhile the gateway asks a bookings that has none."""
        port = self.fleet.port("no-database")
        places = self.fleet.folder / "gateway" / "places" / "bookings"
        with (self.folder / "no-database.log").open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "bench.no_database", str(port)], cwd=ROOT, stdout=log, stderr=log,
                env={**os.environ, **self.fleet.environment("bookings")}, preexec_fn=follower(15),
            )  # fmt: skip
        try:
            wait(60, lambda: _serves(port), "a bookings without a database serves")
            with self._asking(f":{port} ", places, f"127.0.0.1:{port}\n"):
                yield
        finally:
            server.terminate()
            server.wait(30)

    @contextlib.contextmanager
    def _asking(self, sign: str, places: Path, told: str) -> Iterator[None]:
        before = places.read_text()
        try:
            self._asked_at(sign, places, told)
            yield
        finally:
            self._asked_at(f":{self.fleet.port('bookings')} ", places, before)

    def _asked_at(self, sign: str, places: Path, told: str) -> None:
        before = self._workers()
        places.write_text(told)
        conf, deadline = self.fleet.folder / "gateway" / "run" / "http.conf", time.monotonic() + 60
        while (
            sign not in conf.read_text().partition("upstream booking ")[2].partition("}")[0]
            or before & self._workers()  # which have the old addresses, and close what they serve
        ):
            if time.monotonic() > deadline:
                raise TimeoutError("the gateway goes on as before")
            time.sleep(0.1)

    def _workers(self) -> set[int]:
        """Of nginx, also those that are about to end."""
        return {pid for pid in self.fleet.pids("gateway") if "worker process" in _command(pid)}

    def cpu_seconds(self) -> float:
        """What all processes of the fleet have used so far."""
        ticks = os.sysconf("SC_CLK_TCK")
        return sum(_ticks(pid) for name in self.fleet.programs() for pid in self.fleet.pids(name)) / ticks

    def quiet(self) -> None:
        """Wait until all that was said has been relayed and heard, and nobody has anything to do."""
        deadline, before = time.monotonic() + QUIET_SECONDS, 0.0
        while True:
            now = self.cpu_seconds()
            if now - before < IDLE * LOOK and self._unheard() <= 0:
                return
            if time.monotonic() > deadline:
                raise TimeoutError("the messages are not heard in time")
            before = now
            time.sleep(LOOK)

    def _unheard(self) -> float:
        """How many messages wait to be relayed, or were and are not applied by all who hear them."""
        waiting = [self.row(service, "SELECT count(*) FROM chassis_outbox") or (1,) for service in LISTENERS]
        hearers = Counter(kind for kinds in LISTENERS.values() for kind in kinds)
        left = float(sum(count for (count,) in waiting))
        for sample in (each for service in LISTENERS for each in self._metrics(f"{service}-work")):
            if sample.name == "frontrow_messages_relayed_total":
                left += sample.value * hearers[sample.labels["type"]]
            elif sample.name == "frontrow_messages_heard_total":
                left -= sample.value
        return left

    def _metrics(self, program: str) -> list[Sample]:
        answer = httpx.get(f"http://127.0.0.1:{self.fleet.port(program)}/metrics").raise_for_status()
        return [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]


def _serves(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/healthz").is_success
    return False


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def _ticks(pid: int) -> int:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return sum(int(fields[n]) for n in (11, 12, 13, 14))
    return 0


def _event(capacity: int) -> dict[str, Any]:
    start = datetime.now(UTC) + timedelta(days=90)
    return {
        "title": "A night that everybody wants", "description": "Of the bench.", "date": start.isoformat(),
        "endDate": (start + timedelta(hours=3)).isoformat(), "timezone": "Europe/Berlin", "location": "Berlin",
        "capacity": capacity, "price": 2500, "currency": "EUR",
        "holdMinutes": 180,  # or what the first rounds held would end while the last are measured
    }  # fmt: skip
