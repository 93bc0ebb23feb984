"""What makes an event right, and how a change merges into it. No Django, no clock, no I/O."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

LONGEST = timedelta(days=366)
WORD = re.compile(r"\w+")
MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Type:
    """A ticket type: its price in minor units and how many there are. A new one has no id yet."""

    ticket_type_id: UUID | None
    name: str
    price: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything an organiser decides about an event. `capacity` caps all types together, if set."""

    title: str
    description: str
    date: datetime
    end_date: datetime
    timezone: str
    location: str
    currency: str
    types: tuple[Type, ...]
    category: str = ""
    status: str = "published"
    capacity: int | None = None
    hold_minutes: int = 15
    max_per_person: int = 10
    sales_start: datetime | None = None
    sales_end: datetime | None = None
    cancel_until: datetime | None = None

    @property
    def places(self) -> int:
        """How many people may come."""
        together = sum(kind.capacity for kind in self.types)
        return together if self.capacity is None else min(self.capacity, together)

    @property
    def price_from(self) -> int:
        return min(kind.price for kind in self.types)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A field that cannot be so, and why."""

    field: str
    message: str


def wrongs(terms: Terms, before: Terms | None, now: datetime) -> list[Wrong]:
    """What is wrong with the terms of an event; a date may lie past if it passed since it was listed."""
    start, end = terms.date, terms.end_date
    listed = before is not None and before.status == terms.status and before.date == start
    found = []
    if start <= now and not listed:
        found.append(Wrong("date", "must be in the future"))
    if end <= start:
        found.append(Wrong("endDate", "must be after date"))
    if end - start > LONGEST:
        found.append(Wrong("endDate", "must be within a year of date"))
    if _sales_end(terms) > end:
        found.append(Wrong("salesEnd", "must not be after endDate"))
    if terms.sales_start is not None and terms.sales_start >= _sales_end(terms):
        found.append(Wrong("salesStart", "must be before salesEnd"))
    if terms.cancel_until is not None and terms.cancel_until > end:
        found.append(Wrong("cancelUntil", "must not be after endDate"))
    names = {kind.name.casefold() for kind in terms.types}
    if len(names) != len(terms.types):
        found.append(Wrong("ticketTypes", "names must differ"))
    if len({kind.ticket_type_id for kind in terms.types}) != len(terms.types):
        found.append(Wrong("ticketTypes", "each may stand there once"))
    return found


def resolved(terms: Terms, changes: dict[str, Any], new_id: Callable[[], UUID]) -> dict[str, Any]:
    """The fields of Terms that a change replaces.

    Ticket types are matched by id, or else by name; an event with a single one takes price and capacity
    for it. Raises LookupError for a type that is not of this event, ValueError for a price of several.
    """
    found = {name: value for name, value in changes.items() if name not in {"types", "price", "capacity"}}
    kinds = _matched(changes.get("types", ()), terms.types, new_id) or list(terms.types)
    single = len(kinds) == 1 and "types" not in changes
    if "price" in changes:
        if not single:
            raise ValueError("the event has several ticket types; set their prices in ticketTypes")
        kinds = [replace(kinds[0], price=changes["price"])]
    if changes.get("capacity") is not None and single and terms.capacity is None:
        kinds = [replace(kinds[0], capacity=changes["capacity"])]
    elif "capacity" in changes:
        found["capacity"] = changes["capacity"]
    return {**found, "types": tuple(kinds)}


def _matched(given: Sequence[Type], current: Sequence[Type], new_id: Callable[[], UUID]) -> list[Type]:
    named = {kind.ticket_type_id for kind in given} - {None}
    unknown = named - {kind.ticket_type_id for kind in current}
    if unknown:
        raise LookupError(", ".join(sorted(map(str, unknown))))
    free = {kind.name.casefold(): kind.ticket_type_id for kind in current if kind.ticket_type_id not in named}
    return [
        replace(kind, ticket_type_id=kind.ticket_type_id or free.pop(kind.name.casefold(), None) or new_id())
        for kind in given
    ]


def folded(words: str) -> str:
    """A text as searched: without case, accents and compatibility forms."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", words).casefold())
    return "".join(character for character in plain if not unicodedata.combining(character))


def searchable(text: str) -> str:
    """A text as its plain words alone, lest PostgreSQL cut it otherwise ('AC/DC' is a path to it)."""
    return " ".join(WORD.findall(folded(text)))


def prefix_query(words: str) -> str:
    """A PostgreSQL tsquery that finds every word, each as the beginning of one; '' for no words."""
    return " & ".join(f"'{word}':*" for word in WORD.findall(folded(words))[:MOST_WORDS])


def city(location: str) -> str:
    """What stands after the last comma of a location: 'Konzerthaus, Berlin' is in Berlin."""
    return location.rstrip(", ").rpartition(",")[2].strip()


def most_frequent(
    counted: Iterable[tuple[str, int]], fold: Callable[[str], str], most: int
) -> list[tuple[str, int]]:
    """The names that stand most often, and how often; spellings that fold alike are one, by the usual one."""
    spellings: dict[str, Counter[str]] = {}
    for name, count in counted:
        if name:
            spellings.setdefault(fold(name), Counter())[name] += count
    found = [(min(each, key=lambda name: (-each[name], name)), each.total()) for each in spellings.values()]
    return sorted(found, key=lambda each: (-each[1], each[0]))[:most]


def _sales_end(terms: Terms) -> datetime:
    return terms.sales_end or terms.end_date
