"""What somebody chose to book: how many places of which ticket types. No Django, no clock, no I/O."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

MOST_PLACES, MOST_TYPES = 1000, 50


@dataclass(frozen=True, slots=True)
class Choice:
    """(Ticket type, places) in the order of types' ids; nothing chosen is false."""

    items: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, sent: Mapping[str, Any]) -> "Choice":
        """From the fields of a form, which are named by ticket types; what makes no sense is left out."""
        wanted = {
            kind: places for kind, places in (_item(*field) for field in sent.items()) if kind and places > 0
        }
        return cls(tuple(sorted(wanted.items())[:MOST_TYPES]))

    @classmethod
    def booked(cls, booking: Mapping[str, Any]) -> "Choice":
        """What a booking is for."""
        return cls(tuple(sorted((item["ticketTypeId"], item["quantity"]) for item in booking["items"])))

    def __bool__(self) -> bool:
        return bool(self.items)

    @property
    def places(self) -> int:
        return sum(places for _, places in self.items)

    def body(self, event_id: str) -> dict[str, Any]:
        """As POST /bookings takes it."""
        items = [{"ticketTypeId": kind, "quantity": places} for kind, places in self.items]
        return {"eventId": event_id, "items": items}

    def address(self, event_id: str) -> str:
        """The page that sums it up."""
        return f"/e/{event_id}/checkout?{urlencode(self.items)}"

    def key(self, event_id: str, seen: str) -> str:
        """The name of this wish, by somebody who knew `seen` as their newest booking of the event.

        However often it is sent, it is one booking; whoever has seen that one may wish for another.
        """
        wish = f"{event_id} {urlencode(self.items)} {seen}"
        return "web-" + hashlib.sha256(wish.encode()).hexdigest()

    def lines(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Each chosen type of an event with its places, price and sum in minor units."""
        wanted = dict(self.items)
        chosen = [kind for kind in event["ticketTypes"] if kind["ticketTypeId"] in wanted]
        return [
            {
                **kind,
                "quantity": wanted[kind["ticketTypeId"]],
                "sum": wanted[kind["ticketTypeId"]] * kind["price"],
            }
            for kind in chosen
        ]

    def corrected(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """An event of which bookings just refused this: its numbers may be older than that.

        Of a single type less is left than was wanted; of several, nobody can tell of which.
        """
        kinds = [
            {**kind, "availability": min(kind["availability"], self.places - 1)}
            if self._is_only(kind) else kind
            for kind in event["ticketTypes"]
        ]  # fmt: skip
        left = min(event["availability"], sum(kind["availability"] for kind in kinds))
        return {**event, "ticketTypes": kinds, "availability": left}

    def fits(self, event: Mapping[str, Any]) -> bool:
        """Whether it could be booked, by the numbers of the event."""
        enough = all(line["quantity"] <= line["availability"] for line in self.lines(event))
        return enough and self.places <= event["availability"]

    def _is_only(self, kind: Mapping[str, Any]) -> bool:
        return [chosen for chosen, _ in self.items] == [kind["ticketTypeId"]]

    def instead(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Each type of which something is left, with as many places as wanted, or as still go, of what was
        wanted; all of them of the first type, if what was wanted is gone."""
        wanted, free = dict(self.items), int(event["availability"])
        left = [kind for kind in event["ticketTypes"] if kind["availability"] > 0]
        if not any(kind["ticketTypeId"] in wanted for kind in left) and left:
            wanted = {left[0]["ticketTypeId"]: self.places}
        offer = []
        for kind in left:
            places = min(wanted.get(kind["ticketTypeId"], 0), kind["availability"], free)
            free -= places
            offer.append(
                {**kind, "quantity": places, "most": min(kind["availability"], event["maxPerPerson"])}
            )
        return offer


def _item(name: str, value: Any) -> tuple[str, int]:
    try:
        return str(UUID(name)), min(int(value), MOST_PLACES)
    except ValueError:
        return "", 0
