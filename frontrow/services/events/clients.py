"""Whom events asks: bookings, who alone knows what is sold."""

from typing import Any
from uuid import UUID

import httpx
import structlog

from frontrow.chassis import http
from frontrow.chassis.refusals import Refusal, Unavailable
from frontrow.services.events import messages
from frontrow.services.events.models import Event
from frontrow.services.events.rules import Terms

log = structlog.get_logger(__name__)


class CapacityBelowSold(Refusal):
    code, status = "capacity_below_sold", 409
    detail = "More places are held or sold than this. Choose a larger capacity, or cancel bookings first."


def hurry(event: Event) -> None:
    """Tell bookings of an event that just changed, before our client hears that it did.

    The message says the same a moment later, so bookings may be away.
    """
    try:
        path = f"/internal/stock/{event.event_id}"
        http.ask("bookings", "POST", path, json=messages.facts(event)).raise_for_status()
    except (Unavailable, httpx.HTTPStatusError):
        log.warning("bookings_will_hear_later", event_id=str(event.event_id), exc_info=True)


def make_capacity(event_id: UUID, terms: Terms) -> dict[str, Any]:
    """Have bookings make the capacities what the terms say, in one guarded act; what is left then.

    Raises CapacityBelowSold, and Unavailable if bookings does not answer.
    """
    wanted = {
        "capacity": terms.capacity,
        "ticketTypes": [{"ticketTypeId": str(t.ticket_type_id), "capacity": t.capacity} for t in terms.types],
    }
    answer = http.ask("bookings", "PUT", f"/internal/stock/{event_id}", json=wanted)
    if answer.status_code == CapacityBelowSold.status:
        raise CapacityBelowSold
    if answer.status_code != 200:
        raise Unavailable
    return dict(answer.json())
