"""What payments needs of a payment provider, whichever it is."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

CANCELLED = "cancelled"  # the code of an order that failed because we gave it up


class ProviderAway(Exception):
    """No answer: whether money moved is not known. Ask again with the same key."""


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay, as people choose it; `meaning` is a stable code of what becomes of it."""

    payment_method: str
    brand: str
    last_digits: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Order:
    """What to charge, in minor units, under a key that makes asking twice as good as once."""

    key: str
    amount: int
    currency: str
    method: str
    at: datetime


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


class Provider(Protocol):
    """A company that moves money. Every call may raise ProviderAway."""

    name: str

    def accepts(self, method: str) -> bool:
        """Whether this is one of its payment methods; asked without the network."""

    def methods(self) -> list[Method]:
        """What to choose from, in the order in which it is shown; asked without the network."""

    def charge(self, order: Order) -> Outcome:
        """Take the money, once for a key."""

    def charge_some(self, orders: Sequence[Order]) -> dict[str, Outcome]:
        """Those of many orders that were charged without waiting, by key; the others wait for `charge`."""

    def find(self, key: str) -> Outcome | None:
        """What became of an order; None if it never arrived."""

    def cancel(self, key: str, at: datetime) -> Outcome:
        """See to it that an order is never charged, also if it arrives later; if it was charged, tell so."""

    def refund(self, key: str, reference: str, amount: int, at: datetime) -> str:
        """Give so much of a charge back, once for a key; the refund's reference."""

    def entries(self, keys: Collection[str]) -> dict[str, Entry]:
        """What its ledger says of these orders, by key; those that never arrived are left out."""

    def ledger(self, since: datetime) -> Iterator[list[Entry]]:
        """All that its ledger says of orders since then, page by page."""
