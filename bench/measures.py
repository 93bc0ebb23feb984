"""What is measured, each under its name. A measure returns figures by name; all of them share one running Frontrow."""

import os
import statistics
from collections.abc import Callable
from pathlib import Path

from bench import arrivals, browsing, load, overload, purchases, truth
from bench.client import percentile
from bench.stage import Services, Stage
from frontrow.services.bookings.rules import GROUP

CONNECTIONS = 128
CLIENTS = (1, 8, 32)  # of the minimal booking; the best counts
RUSH = 10  # times as many clients
LONGER = 2  # times: each that is refused waits for up to four seconds, and comes several times
Figures = dict[str, float]


class Measures:
    """The measures of a round, in their order."""

    def __init__(self, stage: Services, seconds: int, long: int, events: int):
        self.stage, self.seconds, self.long = stage, seconds, long
        self.many = stage.events(events)
        self.every: tuple[Callable[[], Figures], ...] = (
            self.groups, self.sold_out, self.without_database, self.minimal, self.hot, self.spread,
            self.browse, self.purchase, self.rush,
        )  # fmt: skip

    def minimal(self) -> Figures:
        """Bookings a second without any rule, one a transaction."""
        url = self.stage.url("bookings")
        rates = [load.pgbench(url, "minimal.sql", clients, max(1, self.seconds // 3)) for clients in CLIENTS]
        return {"L1": max(rates)}

    def groups(self) -> Figures:
        """Bookings a second by our function, called with full groups."""
        event = self.stage.events(1).read_text().strip()
        rate = load.pgbench(self.stage.url("bookings"), "group.sql", 1, self.seconds, event=event, size=GROUP)
        return {"L2": rate * GROUP}

    def without_database(self) -> Figures:
        """Answers a second of the same server and handler, which asks no database."""
        with self.stage.without_database():
            return {"L3": self.stage.book(self.many, CONNECTIONS, self.seconds).rate}

    def hot(self) -> Figures:
        """Durable bookings a second of one event that everybody wants, and what each took: then, and until all is told."""
        people, events = self.stage.crowd(self.seconds), self.stage.events(1)
        self.stage.quiet()
        before, own = self.stage.cpu_seconds(), _children()
        run = load.book(self.stage.address, people, events, CONNECTIONS, self.seconds)
        during, own = self.stage.cpu_seconds() - before, _children() - own
        self.stage.quiet()
        after = self.stage.cpu_seconds() - before
        truth.check_booked(self.stage, events, [run], CONNECTIONS)
        return {
            "hot": run.booked / run.seconds, "hot_p50_ms": run.p50_ms, "hot_p99_ms": run.p99_ms,
            "hot_cpu_us_then": (during + own) / run.booked * 1e6, "hot_cpu_us": (after + own) / run.booked * 1e6,
        }  # fmt: skip

    def rate(self) -> float:
        """The bookings a second alone."""
        return _booked(self.stage, self.stage.events(1), self.seconds)

    def spread(self) -> Figures:
        """The same over many events."""
        return {"spread": _booked(self.stage, self.many, self.seconds)}

    def sold_out(self) -> Figures:
        """Refusals a second of an event of which nothing is left."""
        events = self.stage.events(1, capacity=1)
        self.stage.book(events, load.THREADS, 1)
        run = self.stage.book(events, CONNECTIONS, self.seconds)
        if run.booked:
            raise truth.Untrue(f"{run.booked} of one place were sold twice")
        return {"sold_out": run.rate}

    def browse(self) -> Figures:
        """Looks a second at what is on, beside nginx with a file, and how often a second the services hear of it."""
        with browsing.limit(self.stage) as file:
            looks = [browsing.in_turn(self.stage, file) for _ in range(self.seconds)]
        packed, asked = browsing.browsed(self.stage, self.seconds, browsing.BROWSER)
        limit, rate = (statistics.mean(rates) for rates in zip(*looks, strict=True))
        return {"L4": limit, "browse": rate, "browse_packed": packed, "browse_asked_per_s": asked}

    def purchase(self) -> Figures:
        """Places held, paid for and confirmed, a second."""
        rate, p99 = purchases.bought(self.stage, self.long)
        return {"purchases": rate, "purchase_p99_s": p99}

    def rush(self) -> Figures:
        """What ten times as many clients as usual get, and how fast the gateway refuses the others."""
        seconds, log = self.long * LONGER, self.stage.fleet.log("gateway")
        _, usual = overload.rushed(self.stage, CONNECTIONS, seconds)
        self.stage.quiet()
        begin = log.stat().st_size
        rush, rate = overload.rushed(self.stage, CONNECTIONS * RUSH, seconds)
        refusals = overload.refusals(log, begin, len(rush.refusals))
        return {
            "rush_usual": usual, "rush": rate, "rush_refusals": len(refusals),
            "rush_refusal_p99_ms": percentile(refusals, 0.99) if refusals else 0.0,
            "rush_refusal_seen_p99_ms": percentile(rush.refusals, 0.99) if rush.refusals else 0.0,
        }  # fmt: skip


def at_rates(stage: Stage, seconds: int) -> Figures:
    """Latencies in milliseconds at fixed rates of arrival."""
    found: Figures = {}
    stage.quiet()
    for rate in arrivals.RATES:  # each is far below what there is room for, and leaves nothing to the next
        figures = arrivals.arrived(stage, rate, seconds).figures()
        found |= {f"at_{rate}_{name}_ms": value for name, value in figures.items()}
    return found


def embedded(stage: Stage, seconds: int) -> Figures:
    """Bookings a second of one event, and over a hundred, of a Frontrow in one process."""
    return {"embedded_hot": _booked(stage, stage.events(1), seconds),
            "embedded_spread": _booked(stage, stage.events(100), seconds)}  # fmt: skip


def _booked(stage: Stage, events: Path, seconds: int) -> float:
    run = stage.book(events, CONNECTIONS, seconds)
    return run.booked / run.seconds


def _children() -> float:
    used = os.times()
    return used.children_user + used.children_system
