"""A fleet on which everything fails while people buy: processes are killed, and failpoints are hit."""

import ast
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from bench.stage import Services
from frontrow.fleet import by_hand
from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import ROOT, SERVICES, Wishes
from tests.conftest import LIFTED
from tests.embedded.system import free_port
from tests.faults.checker import Checker
from tests.faults.clocks import Clocks
from tests.faults.network import Network
from tests.faults.people import Diary
from tests.faults.trade import PEOPLE, trade
from tests.stripe.running import KEYS, SECRET, Provider
from tests.stripe.simulator import Manners

FINAL_SECONDS = 30  # after the last fault, for everything to have reached its final state
KILLED = (*SERVICES, *(f"{service}-work" for service in SERVICES), "postgres", "rabbitmq", "redis", "gateway")
WRONG = (*SERVICES, *(f"{service}-work" for service in SERVICES))  # whose clocks jump
UPSETS: dict[str, dict[str, Any]] = {
    "loses answers": {"answers_lost": 0.3},
    "refuses refunds": {"refunds_refused": True},
    "takes no orders": {"broken": True},
    "never calls back": {"never_calls": 1.0},
    "calls twice, late, in any order": {"calls_twice": 0.5, "calls_late": 3.0},
}
ORDERS = ("kill", "fail", "wait 0.5")


class Broken(AssertionError):
    """Frontrow did not keep a promise under faults."""


BY_STRIPE = {"payments.prepared", "notices.kept", "notices.looked_into"}  # points that only Stripe leads to


@cache
def points() -> list[str]:
    """Every failpoint that the product has."""
    return sorted({
        node.args[0].value
        for path in (ROOT / "frontrow").rglob("*.py") if "tests" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "point"
        and isinstance(node.args[0], ast.Constant)
    })  # fmt: skip


class Storm:
    """A fleet of its own, its failpoints, its people, and what was done to it."""

    def __init__(self, folder: Path, seed: int, provider: Provider | None = None):
        folder.chmod(0o711)
        self.folder = folder
        self.chance, self.orders = random.Random(seed), folder / "orders"  # noqa: S311, nothing secret
        self.orders.mkdir()
        self.clocks = Clocks(folder)
        self.network = Network("postgres", "rabbitmq", "redis", "users", "events", "bookings")
        self.provider = provider
        paid_by = {**KEYS, "STRIPE_URL": provider.address} if provider else {}
        self.points = [name for name in points() if provider or name not in BY_STRIPE]
        # Beside other tests the processor is always full, and whoever steps back then comes to nothing.
        environment = {
            "WORK_NICE": "0",
            **LIFTED,
            **self.clocks.environment,
            **paid_by,
            "FAILPOINTS": str(self.orders),
        }
        wishes = Wishes(
            port=free_port(), environment=environment,
            postgres={"fsync": "off"},  # processes are killed here, and not the machine
            detours={name: link.port for name, link in self.network.links.items()},
        )  # fmt: skip
        self.fleet, self.diary, self.faults = Fleet(folder / "data", wishes), Diary(), Counter[str]()

    @contextlib.contextmanager
    def running(self) -> Iterator["Storm"]:
        """Started fresh, and ended."""
        try:
            self.clocks.build()
            self.network.start()
            self.fleet.start("cluster", "postgres")  # by which it has a place, and ports
            for name, link in self.network.links.items():
                link.to = self.fleet.port(name)
            self.fleet.start()
            if self.provider:
                self.provider.tell("/_webhooks", url=f"{self.fleet.address}/webhooks/stripe", secret=SECRET)
            self.stage = Services(self.fleet, self.folder)
            self.tokens = self.stage.people(PEOPLE).read_text().split()
            yield self
        finally:
            self.fleet.stop()
            self.network.close()

    def trade(self) -> contextlib.AbstractContextManager[None]:
        """People buy as long as this lasts."""
        return trade(self.fleet.address, self.tokens, self.diary, self.chance)

    def kill(self) -> None:
        """End a program, or one of its processes, as kill -9 does."""
        name = self.chance.choice(KILLED)
        processes = self.fleet.pids(name)
        if not processes:
            return
        if whole := self.chance.random() < 0.5:
            with contextlib.suppress(KeyError):  # it has just ended by itself
                self.fleet.kill(name)
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.chance.choice(processes), signal.SIGKILL)
        self._note(f"kill of {name}" if whole else f"kill of a process of {name}")

    def order(self, name: str) -> None:
        """Have a failpoint do something to whoever comes there next."""
        what = self.chance.choice(ORDERS)
        fresh = self.orders / f"{name}.new"
        fresh.write_text(what)
        fresh.rename(self.orders / name)
        self._note(f"order to {what.partition(' ')[0]}")

    @property
    def jumps(self) -> int:
        """How often a clock jumped."""
        return sum(count for what, count in self.faults.items() if what.startswith("clock "))

    @property
    def kills(self) -> int:
        """How many there were, but for those that failpoints were ordered."""
        return sum(count for what, count in self.faults.items() if what.startswith("kill of"))

    def hits(self) -> Counter[str]:
        """How often each failpoint did what it was ordered."""
        return Counter(path.name.rsplit(".", 2)[0] for path in self.orders.glob("*.hit"))

    def rage(self, seconds: float, pace: float) -> None:
        """A fault each so many seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            acts = [self.kill, self.disturb, self._order_least_hit, self.jump, self.upset]
            self.chance.choices(acts, [6, 1, 2, 2, 2 if self.provider else 0])[0]()
            time.sleep(pace)
        self.network.mend()
        self._behave(Manners())

    def upset(self) -> None:
        """Have the payment provider behave badly in some new way."""
        name, manners = self.chance.choice(list(UPSETS.items()))
        self._behave(Manners(seed=self.chance.randrange(2**32), **manners))
        self._note(f"provider {name}")

    def _behave(self, manners: Manners) -> None:
        if self.provider:
            self.provider.tell("/_behave", **asdict(manners))

    def disturb(self) -> None:
        """Have one way through the network be bad until the next is."""
        self.network.mend()
        self._note(self.network.disturb(self.chance))

    def jump(self) -> None:
        """Have the clock of one program be wrong from now on, by up to a day."""
        name = self.chance.choice(WRONG)
        way = self.clocks.jump(self.fleet.pids(name), self.chance)
        self._note(f"clock {way}: {name}")

    def _order_least_hit(self) -> None:
        hits = self.hits()
        self.order(min(self.points, key=lambda name: (hits[name], self.chance.random())))

    def insist(self, seconds: float) -> list[str]:
        """Order what was never hit until it was, or for so long; what was not."""
        end = time.monotonic() + seconds
        while (left := [name for name in self.points if not self.hits()[name]]) and time.monotonic() < end:
            for name in left:
                if not (self.orders / name).exists():
                    self.order(name)
            time.sleep(0.2)
        return left

    def calm(self, patience: float = FINAL_SECONDS) -> None:
        """Take back all orders, set the clocks right, and wait until all is done. Raises Broken if it takes longer."""
        for name in self.points:
            with contextlib.suppress(FileNotFoundError):
                (self.orders / name).unlink()
        self._behave(Manners())
        self.clocks.set_right()
        began, checker = time.time(), self.checker()
        while not self.fleet.ready() or (left := _unfinished(checker)):
            if time.time() - began > patience:
                late = [name for name in self.fleet.programs() if not self.fleet.ready(name)]
                raise Broken(f"after {patience} quiet seconds: {late or left}")
            time.sleep(0.5)

    def disagreements(self) -> list[str]:
        """What `make reconcile` finds."""
        _, lines = by_hand.reconcile(self.fleet.folder)
        return [line for line in lines if not line.endswith("Everything agrees.")]

    def checker(self) -> Checker:
        """Who knows whether all is right."""
        databases = {service: self.stage.url(service) for service in SERVICES}
        return Checker(databases, list(self.diary.lines), self.provider and self.provider.ledger)

    def _note(self, what: str) -> None:
        self.faults[what] += 1


def _unfinished(checker: Checker) -> dict[str, int]:
    try:
        return checker.unfinished()
    except psycopg.OperationalError as fault:
        return {str(fault): 1}
