"""`make bench`: limits and us, in turn, several times over; the medians, once all is found true, into bench/results.

What is a share of a limit is so in each round, beside which it was measured: the machine's other work comes and goes.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import growth, load, truth
from bench.embedded import embedded
from bench.measures import Figures, Measures, at_rates
from bench.measures import embedded as of_embedded
from bench.stage import MANY_EVENTS, Services
from frontrow.fleet import packages
from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import Wishes
from tests.embedded.system import free_port

HERE = Path(__file__).parent
Rounds = dict[str, list[float]]  # figures by name, one of each round
# Nobody is there: mail waits, and disturbs no measure minutes later.
NO_MAIL = {"EMAIL_URL": "smtp://127.0.0.1:9"}
LIFTED = {
    "GATEWAY_RATE": "1000000", "GATEWAY_WRITE_RATE": "1000000", "GATEWAY_SIGN_IN_RATE": "1000000",
    "GATEWAY_CONNECTIONS": "65535", **MANY_EVENTS,
}  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How much is measured: rounds, seconds of a measure, and what there is once much is there.

    `long` is for measures in which people wait between two requests: for a ticket, or to come again.
    """

    rounds: int
    seconds: int
    long: int
    turns: int  # of each of the two that are measured side by side
    spread: int  # events that are booked at once
    bookings: int
    events: int


FULL, SMOKE = Size(5, 5, 8, 2, 1000, 1_000_000, 100_000), Size(1, 1, 2, 1, 50, 20_000, 2_000)


def measured(size: Size, folder: Path) -> Rounds:
    """Every figure, of each round in which it was measured."""
    found: defaultdict[str, list[float]] = defaultdict(list)

    def note(figures: Figures, when: str) -> None:
        for name, value in figures.items():
            found[name].append(value)
        print(f"{when}: {', '.join(f'{name} {value:,.2f}' for name, value in figures.items())}", flush=True)

    with _services(folder / "services") as stage:
        measures = Measures(stage, size.seconds, size.long, size.spread)
        with _services(folder / "much") as much:
            sides = {"few": measures, "many": Measures(much, size.seconds, size.long, 1)}
            for what, *filling in (("bookings", size.bookings, 1), ("events", 0, size.events)):
                growth.fill(much, *filling)
                for _ in range(size.rounds):
                    note(growth.compared(sides, size.turns, what), "side by side")
            truth.check_stock(much)
        for number in range(size.rounds):
            for measure in measures.every:
                stage.quiet()
                note(measure(), f"round {number + 1} of {size.rounds}")
        note(at_rates(stage, size.seconds), "at fixed rates")
        truth.check_stock(stage)
    with embedded(folder / "embedded") as alone:
        for _ in range(size.rounds):
            note(of_embedded(alone, size.seconds), "embedded")
        truth.check_stock(alone)
    return dict(found)


@contextlib.contextmanager
def _services(folder: Path) -> Iterator[Services]:
    """Started fresh, on ports where nobody listens."""
    folder.mkdir()
    fleet = Fleet(folder / "data", Wishes(port=free_port(), environment=LIFTED | NO_MAIL))
    try:
        fleet.start()
        stage = Services(fleet, folder)
        truth.check_durable(stage)
        setup, program = HERE / "sql" / "minimal_setup.sql", packages.postgres_programs() / "psql"
        subprocess.run([program, "-qX", "-vON_ERROR_STOP=1", "-f", setup, stage.url("bookings")], check=True)
        yield stage
    finally:
        fleet.stop()


def ratios(found: Rounds) -> Figures:
    """What is asked of us, as ratios against what was measured beside it, in the same round."""

    def share(name: str, *limits: str) -> float:
        rounds = zip(found[name], *(found[limit] for limit in limits), strict=True)
        return statistics.median(ours / min(others) for ours, *others in rounds)

    whole = medians(found)
    return {
        "hot_over_l1": share("hot", "L1"),
        "hot_over_min_l2_l3": share("hot", "L2", "L3"),
        "hot_over_spread": share("hot", "spread"),
        "bookings_per_s": whole["hot"],
        "purchases_per_s": whole["purchases"],
        "browse_over_l4": share("browse", "L4"),
        "sold_out_over_l3": share("sold_out", "L3"),
        "overload_goodput": share("rush", "rush_usual"),
        "overload_refusal_p99_ms": whole["rush_refusal_p99_ms"],
        "cpu_us_per_booking": whole["hot_cpu_us"],
        "growth_1e6_over_1e3": share("hot_of_many_bookings", "hot_of_few_bookings"),
        "growth_1e5_over_10_events": share("hot_of_many_events", "hot_of_few_events"),
    }


def medians(found: Rounds) -> Figures:
    """Of all rounds."""
    return {name: statistics.median(values) for name, values in found.items()}


def written(found: Figures, asked: Figures, size: Size) -> str:
    """The results as a page."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())  # fmt: skip
    lines = [
        f"# {datetime.now(UTC):%Y-%m-%d}", "",
        f"{os.cpu_count()} × {model}, shared by the load; Python {platform.python_version()}. Medians of {size.rounds}"
        f" rounds, {size.seconds} seconds a measure ({size.long} or twice that of those in which people wait); mail waits. What each figure is: bench/measures.py.", "",
        "| asked for | |", "|---|---:|", *(f"| {name} | {value:,.2f} |" for name, value in asked.items()), "",
        "| measured | |", "|---|---:|", *(f"| {name} | {value:,.1f} |" for name, value in found.items()), "",
    ]  # fmt: skip
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser("bench", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="one short round, whose figures are not kept")
    smoke = parser.parse_args().smoke
    size = SMOKE if smoke else FULL
    packages.ensure()
    load.ensure()
    with tempfile.TemporaryDirectory(prefix="frontrow-bench-") as folder:
        Path(folder).chmod(0o711)
        found = measured(size, Path(folder))
    asked, figures = ratios(found), medians(found)
    page = written(figures, asked, size)
    print(page)
    if not smoke:
        results = HERE / "results"
        results.mkdir(exist_ok=True)
        (results / f"{datetime.now(UTC):%Y-%m-%d}.md").write_text(page)
        (results / "latest.json").write_text(json.dumps({**asked, "figures": figures}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
