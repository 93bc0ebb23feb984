"""Whom users asks when somebody wants to leave, or to see all that is held of them: every other service."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx

from frontrow.chassis import http
from frontrow.chassis.refusals import Unavailable

AT_ONCE = 1000  # events in one question
OTHERS: Mapping[str, Callable[..., httpx.Response]] = {
    "events": lambda path, **query: http.ask("events", "GET", path, **query),
    "bookings": lambda path, **query: http.ask("bookings", "GET", path, **query),
    "payments": lambda path, **query: http.ask("payments", "GET", path, **query),
    "notifications": lambda path, **query: http.ask("notifications", "GET", path, **query),
    "reviews": lambda path, **query: http.ask("reviews", "GET", path, **query),
}


def held_of(service: str, user_id: UUID) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """All that another service holds of a person: pages of rows, by section. Raises Unavailable."""
    after = ""
    while True:
        answer = OTHERS[service](f"/internal/export/{service}/{user_id}", params={"after": after})
        told = _told(service, answer)
        yield told["section"], told["rows"]
        if told["next"] is None:
            return
        after = told["next"]


def places_of(user_id: UUID) -> list[str]:
    """The events of which a person has places, over or not. Raises Unavailable."""
    answer = http.ask("bookings", "GET", f"/internal/leaving/bookings/{user_id}")
    return list(_told("bookings", answer)["held"])


def to_come(user_id: UUID, held: Collection[str]) -> tuple[list[str], list[str]]:
    """Which events are to come: of those held, and of those the person organises. Raises Unavailable."""
    path, ids = f"/internal/leaving/events/{user_id}", list(held)
    ours: list[str] = []
    for start in range(0, max(len(ids), 1), AT_ONCE):
        body = {"held": ids[start : start + AT_ONCE]}
        told = _told("events", http.ask("events", "POST", path, json=body, attempts=3))
        ours += told["held"]
    return ours, told["organized"]


def booked(event_ids: Collection[str]) -> list[str]:
    """Those of these events of which somebody has places. Raises Unavailable."""
    ids, found = list(event_ids), []
    for start in range(0, len(ids), AT_ONCE):
        body = {"eventIds": ids[start : start + AT_ONCE]}
        answer = http.ask("bookings", "POST", "/internal/booked", json=body, attempts=3)
        found += _told("bookings", answer)["booked"]
    return found


def money_on_its_way(user_id: UUID) -> int:
    """How many payments of a person are on their way, there or back. Raises Unavailable."""
    answer = http.ask("payments", "GET", f"/internal/leaving/payments/{user_id}")
    return int(_told("payments", answer)["waiting"])


def _told(service: str, answer: httpx.Response) -> Any:
    if answer.status_code != 200:
        raise Unavailable(f"The {service} service does not answer. Try again in a moment.")
    return answer.json()
