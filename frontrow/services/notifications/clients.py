"""Whom notifications asks: events and users for news, users for links, bookings for who holds places."""

from typing import Any
from uuid import UUID

import httpx

from frontrow.chassis import http
from frontrow.chassis.refusals import Unavailable

PAGE = 500  # bookings


def event_facts(event_id: UUID) -> dict[str, Any] | None:
    """An event as in its messages; None if there is none, or it is a draft. Raises Unavailable."""
    answer = http.ask("events", "GET", f"/internal/events/{event_id}")
    return _found(answer)


def user_facts(user_id: UUID) -> dict[str, Any] | None:
    """A person as in their messages; None if there is none. Raises Unavailable."""
    answer = http.ask("users", "GET", f"/internal/users/{user_id}")
    return _found(answer)


def link(link_id: UUID) -> dict[str, Any] | None:
    """What opens a link, and the address it goes to; None if it is of no use any more. Raises Unavailable."""
    return _found(http.ask("users", "POST", f"/internal/links/{link_id}"))


def holders(event_id: UUID, after: UUID | None) -> tuple[list[dict[str, Any]], UUID | None]:
    """A page of an event's live bookings, and where the next begins; None on the last. Raises Unavailable."""
    wanted = {"limit": PAGE, **({"after": str(after)} if after else {})}
    answer = http.ask("bookings", "GET", f"/internal/holders/{event_id}", params=wanted)
    if answer.status_code != 200:
        raise Unavailable
    page = answer.json()
    return page["items"], UUID(page["next"]) if page["next"] else None


def _found(answer: httpx.Response) -> dict[str, Any] | None:
    """What was found. Nothing only if it was said so: we shall not ask again."""
    if answer.status_code == 404:
        return None
    if answer.status_code != 200:
        raise Unavailable
    found: dict[str, Any] = answer.json()
    return found
