"""`make bench`: limits and us, in turn, several times over; the medians, once all is found true, into bench/results."""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import load, truth
from bench.stage import Stage
from frontrow.fleet import packages
from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import Wishes
from frontrow.services.bookings.rules import GROUP
from tests.embedded.system import free_port

HERE = Path(__file__).parent
LIFTED = {
    "GATEWAY_RATE": "1000000", "GATEWAY_WRITE_RATE": "1000000", "GATEWAY_SIGN_IN_RATE": "1000000",
    "GATEWAY_CONNECTIONS": "65535",
}  # fmt: skip
CONNECTIONS = 128
CLIENTS = (1, 8, 32)  # of the minimal booking; the best counts
MANY_EVENTS = 1000


class Bench:
    """The measures by name, each of which returns one figure, and what they came to."""

    def __init__(self, stage: Stage, seconds: int):
        self.stage, self.seconds = stage, seconds
        self.found: defaultdict[str, list[float]] = defaultdict(list)
        self.many = stage.events(MANY_EVENTS)
        self.measures: dict[str, Callable[[], None]] = {
            "L1": self.minimal, "L2": self.groups, "L3": self.without_database, "hot": self.hot,
            "spread": self.spread, "sold_out": self.sold_out,
        }  # fmt: skip

    def run(self, rounds: int) -> dict[str, float]:
        """The median of each figure over so many rounds of all measures."""
        for number in range(rounds):
            for name, measure in self.measures.items():
                self.stage.quiet()
                measure()
                figures = ", ".join(
                    f"{key} {values[-1]:,.0f}" for key, values in self.found.items() if key.startswith(name)
                )
                print(f"round {number + 1} of {rounds}: {figures}", flush=True)
        truth.check_stock(self.stage)
        return {name: statistics.median(values) for name, values in self.found.items()}

    def minimal(self) -> None:
        """Bookings a second without any rule, one a transaction."""
        url = self.stage.url("bookings")
        rates = [load.pgbench(url, "minimal.sql", clients, max(2, self.seconds // 3)) for clients in CLIENTS]
        self.found["L1"].append(max(rates))

    def groups(self) -> None:
        """Bookings a second by our function, called with full groups."""
        event = self.stage.events(1).read_text().strip()
        rate = load.pgbench(self.stage.url("bookings"), "group.sql", 1, self.seconds, event=event, size=GROUP)
        self.found["L2"].append(rate * GROUP)

    def without_database(self) -> None:
        """Answers a second of the same server and handler, which asks no database."""
        with self.stage.without_database():
            self.found["L3"].append(self.stage.book(self.many, CONNECTIONS, self.seconds).rate)

    def hot(self) -> None:
        """Durable bookings a second of one event that everybody wants, and what each cost."""
        events = self.stage.events(1)
        people = self.stage.crowd(self.seconds)
        before, own = self.stage.cpu_seconds(), os.times()
        run = load.book(self.stage.fleet.address, people, events, CONNECTIONS, self.seconds)
        during = self.stage.cpu_seconds() - before
        self.stage.quiet()
        after, load_used = self.stage.cpu_seconds() - before, os.times()
        used = load_used.children_user + load_used.children_system - own.children_user - own.children_system
        truth.check_booked(self.stage, events, [run], CONNECTIONS)
        self.found["hot"].append(run.booked / run.seconds)
        self.found["hot_p50_ms"].append(run.p50_ms)
        self.found["hot_p99_ms"].append(run.p99_ms)
        self.found["hot_cpu_us"].append((during + used) / run.booked * 1e6)
        self.found["hot_cpu_us_with_messages"].append((after + used) / run.booked * 1e6)

    def spread(self) -> None:
        """The same over a thousand events."""
        run = self.stage.book(self.many, CONNECTIONS, self.seconds)
        self.found["spread"].append(run.booked / run.seconds)

    def sold_out(self) -> None:
        """Refusals a second of an event of which nothing is left."""
        events = self.stage.events(1, capacity=1)
        self.stage.book(events, load.THREADS, 1)
        run = self.stage.book(events, CONNECTIONS, self.seconds)
        if run.booked:
            raise truth.Untrue(f"{run.booked} of one place were sold twice")
        self.found["sold_out"].append(run.rate)


def ratios(found: dict[str, float]) -> dict[str, float]:
    """What is asked of us, as ratios against limits of the same run."""
    return {
        "hot_over_l1": found["hot"] / found["L1"],
        "hot_over_min_l2_l3": found["hot"] / min(found["L2"], found["L3"]),
        "hot_over_spread": found["hot"] / found["spread"],
        "sold_out_over_l3": found["sold_out"] / found["L3"],
        "bookings_per_s": found["hot"],
        "cpu_us_per_booking": found["hot_cpu_us"],
    }


def written(found: dict[str, float], asked: dict[str, float], rounds: int, seconds: int) -> str:
    """The results as a page."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())  # fmt: skip
    lines = [
        f"# {datetime.now(UTC):%Y-%m-%d}", "",
        f"{os.cpu_count()} × {model}, shared by the load; Python {platform.python_version()}. Medians of {rounds} rounds,"
        f" {seconds} seconds a measure.", "", "| figure | median |", "|---|---:|",
        *(f"| {name} | {value:,.2f} |" for name, value in asked.items()),
        *(f"| {name} | {value:,.1f} |" for name, value in found.items()), "",
    ]  # fmt: skip
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser("bench", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="one short round, whose figures are not kept")
    smoke = parser.parse_args().smoke
    rounds, seconds = (1, 3) if smoke else (5, 8)
    packages.ensure()
    if not shutil.which("wrk"):
        packages.install(["wrk"])
    with tempfile.TemporaryDirectory(prefix="frontrow-bench-") as folder:
        Path(folder).chmod(0o711)
        fleet = Fleet(Path(folder) / "data", Wishes(port=free_port(), environment=LIFTED))
        try:
            fleet.start()
            stage = Stage(fleet, Path(folder))
            truth.check_durable(stage)
            prepare(stage)
            found = Bench(stage, seconds).run(rounds)
        finally:
            fleet.stop()
    asked = ratios(found)
    page = written(found, asked, rounds, seconds)
    print(page)
    if not smoke:
        results = HERE / "results"
        (results / f"{datetime.now(UTC):%Y-%m-%d}.md").write_text(page)
        (results / "latest.json").write_text(json.dumps({**asked, "figures": found}, indent=1) + "\n")
    return 0


def prepare(stage: Stage) -> None:
    """The tables of the minimal booking, in the same server."""
    program = packages.postgres_programs() / "psql"
    script = HERE / "sql" / "minimal_setup.sql"
    subprocess.run([program, "-qX", "-vON_ERROR_STOP=1", "-f", script, stage.url("bookings")], check=True)


if __name__ == "__main__":
    sys.exit(main())
