"""Whom bookings asks: events, about one that it has not heard of, or may know an old version of."""

from typing import Any
from uuid import UUID

from frontrow.chassis import http

SECONDS = 1.0  # somebody waits to be refused; while events is away we go by what we know


def event_facts(event_id: UUID) -> dict[str, Any] | None:
    """An event as in its messages; None if there is none, or it is a draft. Raises Unavailable."""
    answer = http.ask("events", "GET", f"/internal/events/{event_id}", attempts=1, timeout=SECONDS)
    return answer.json() if answer.status_code == 200 else None
