"""Whom reviews asks: events and bookings, about what they may not have told it yet."""

from typing import Any
from uuid import UUID

from frontrow.chassis import http
from frontrow.chassis.refusals import Unavailable

SECONDS = 1.0  # somebody waits to be refused; while the other is away we go by what we know


def event_facts(event_id: UUID) -> dict[str, Any] | None:
    """An event as in its messages; None if there is none, or it is a draft. Raises Unavailable."""
    answer = http.ask("events", "GET", f"/internal/events/{event_id}", attempts=1, timeout=SECONDS)
    if answer.status_code not in (200, 404):
        raise Unavailable
    return answer.json() if answer.status_code == 200 else None


def attends(event_id: UUID, user_id: UUID) -> bool:
    """Whether a person has a ticket of an event. Raises Unavailable."""
    path = f"/internal/attendance/{event_id}/{user_id}"
    answer = http.ask("bookings", "GET", path, attempts=1, timeout=SECONDS)
    if answer.status_code != 200:
        raise Unavailable
    return bool(answer.json()["attends"])
