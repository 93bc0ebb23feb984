"""Whom bookings asks: events, about one that it may not know or know well; users, who the guests are."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from frontrow.chassis import http
from frontrow.chassis.refusals import Unavailable

SECONDS = 1.0  # somebody waits; while the other is away we go by what we know
PEOPLE_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Contact:
    """How an organiser knows somebody."""

    name: str
    email: str


def event_facts(event_id: UUID) -> dict[str, Any] | None:
    """An event as in its messages; None if there is none, or it is a draft. Raises Unavailable."""
    answer = http.ask("events", "GET", f"/internal/events/{event_id}", attempts=1, timeout=SECONDS)
    return answer.json() if answer.status_code == 200 else None


def people(user_ids: Collection[UUID], words: str | None = None) -> dict[UUID, Contact]:
    """Those of these people, PEOPLE_AT_ONCE at most, who are known and have the words. Raises Unavailable."""
    body = {"userIds": [str(user_id) for user_id in user_ids], **({"q": words} if words else {})}
    answer = http.ask("users", "POST", "/internal/people", timeout=SECONDS, json=body)
    if answer.status_code != 200:
        raise Unavailable
    found = answer.json()["people"]
    return {UUID(each["userId"]): Contact(each["name"], each["email"]) for each in found}
