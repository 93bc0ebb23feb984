"""The events of the demo data, and what people say of them; written down in seed_events.toml."""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple


class Show(NamedTuple):
    """An event to be listed: its day counts from today, its hour is local, prices are minor units."""

    title: str
    category: str
    location: str
    zone: str
    in_days: int
    at: int
    hours: int
    currency: str
    types: tuple[tuple[str, int, int], ...]  # name, price, capacity
    description: str
    organizer: str = "ada"
    sold: float = 0.0  # share of all places that is sold
    cap: int | None = None  # places of all ticket types together, if fewer
    sale_in_days: float | None = None  # the sale begins in so many days
    rating: float | None = None  # what people think of it on average, 1 to 5, now that it is over
    cancelled: bool = False

    @property
    def places(self) -> int:
        """How many people may come."""
        together = sum(capacity for _, _, capacity in self.types)
        return together if self.cap is None else min(self.cap, together)


def _show(told: dict[str, Any]) -> Show:
    types = tuple((name, price, capacity) for name, price, capacity in told["types"])
    description = " ".join(told["description"].split())
    return Show(**{**told, "types": types, "description": description})


_written = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

EVENTS = tuple(_show(told) for told in _written["event"])
COMMENTS: dict[int, tuple[str, ...]] = {  # what people write who give so many stars
    int(stars): tuple(texts) for stars, texts in _written["comments"].items()
}
