"""What payments needs of a payment provider, whichever it is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from frontrow.chassis.refusals import Refusal

CANCELLED = "cancelled"  # the code of an order that failed because we gave it up


Keep = Callable[[str], None]


class ProviderAway(Exception):
    """No answer: whether money moved is not known. Ask again with the same key."""


class Forged(Refusal):
    code, status = "forged", 400
    detail = "This was not signed by our payment provider, or too long ago."


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay, as people choose it; `meaning` is a stable code of what becomes of it."""

    payment_method: str
    brand: str
    last_digits: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Order:
    """What to charge, in minor units, under a key that makes asking twice as good as once.

    `reference` is the provider's own name for it, where that is known.
    """

    key: str
    amount: int
    currency: str
    method: str
    at: datetime
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an order: succeeded, failed, or requires_action at a page."""

    status: str
    reference: str
    at: datetime
    code: str = ""
    reason: str = ""
    action_url: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the provider's ledger says of an order: what it took and gave back, in minor units."""

    key: str
    reference: str
    status: str
    captured: int
    refunded: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """What the provider tells by itself: of an order, or of a dispute about one."""

    notice_id: str
    kind: str
    key: str  # of the order, where it says so
    reference: str
    details: str = ""


class Provider(Protocol):
    """A company that moves money. Every call may raise ProviderAway."""

    name: str
    public_key: str  # by which its own script in a browser knows us

    def accepts(self, method: str) -> bool:
        """Whether this is one of its payment methods; asked without the network."""

    def methods(self) -> list[Method]:
        """What to choose from, in the order in which it is shown; asked without the network."""

    def charge(self, order: Order, keep: Keep) -> Outcome:
        """Take the money, once for a key.

        Where the order has to be found by a reference, `keep` gets it before money can move, and may raise.
        """

    def charge_some(self, orders: Sequence[Order]) -> dict[str, Outcome]:
        """Those of many orders that were charged without waiting, by key; the others wait for `charge`."""

    def find(self, order: Order) -> Outcome | None:
        """What became of an order; None if it never arrived, or nothing did yet."""

    def cancel(self, order: Order, at: datetime) -> Outcome:
        """See to it that an order is never charged, also if it arrives later; if it was charged, tell so."""

    def refund(self, key: str, charged: Order, amount: int, at: datetime) -> str:
        """Give so much of a charge back, once for a key; the refund's reference."""

    def entries(self, orders: Sequence[Order]) -> dict[str, Entry]:
        """What its ledger says of these orders, by key; those that never arrived are left out."""

    def ledger(self, since: datetime) -> Iterator[list[Entry]]:
        """All that its ledger says of orders since then, page by page."""

    def told(self, body: bytes, signature: str, now: datetime) -> Notice | None:
        """What it tells by itself, if we have a use for it. Raises Forged, without the network."""

    def client_secret(self, reference: str) -> str:
        """By which a person's browser may complete an order at their bank; empty, if it waits for nobody."""

    def key_of(self, reference: str) -> str:
        """The key of an order that it knows by this reference; empty if that is none of ours."""
