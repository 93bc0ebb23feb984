"""What the tests of events share: what was said, and how things stand on both sides of a sale."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings

from frontrow.chassis import http
from frontrow.chassis.models import Outbox
from frontrow.services.events import event
from frontrow.services.events.models import Event

TWO_TYPES = [
    {"name": "Stalls", "price": 4500, "currency": "EUR", "capacity": 6},
    {"name": "Balcony", "price": 2500, "currency": "EUR", "capacity": 4},
]
NO_SIMPLE_FORM = {"capacity": None, "price": None, "currency": None}


def typed(**changes: Any) -> dict[str, Any]:
    """What makes an event_body one of two ticket types: Stalls (6) and Balcony (4)."""
    return {**NO_SIMPLE_FORM, "ticketTypes": TWO_TYPES, **changes}


def as_sent(kind: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A ticket type of an answer, as an organiser sends it back, changed."""
    return {**{name: value for name, value in kind.items() if name != "availability"}, **changes}


def said(event_id: str) -> list[tuple[str, int]]:
    """Type and version of what waits to be told about an event, in order."""
    return list(Outbox.objects.filter(key=event_id).order_by("id").values_list("type", "version"))


def version(event_id: str) -> int:
    return Event.objects.get(event_id=event_id).version


def on_sale(event_id: str) -> tuple[int | None, dict[str, int]]:
    """Cap, and capacity of each ticket type that has any, as bookings has them."""
    cap = apps.get_model("bookings", "EventStock").objects.get(event_id=event_id).cap
    types = apps.get_model("bookings", "TypeStock").objects.filter(event_id=event_id, capacity__gt=0)
    return cap, {str(kind.ticket_type_id): kind.capacity for kind in types}


def on_show(event_id: str) -> tuple[int | None, dict[str, int]]:
    """The same, as events shows them."""
    terms = event.find(UUID(event_id), Event.objects.get(event_id=event_id).organizer_id).terms
    return terms.capacity, {str(kind.ticket_type_id): kind.capacity for kind in terms.types}


@contextmanager
def bookings_away() -> Iterator[None]:
    """Let bookings live at an address where nobody listens."""
    before = settings.ENVIRONMENT
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings.ENVIRONMENT = before.model_copy(update={"bookings_url": address})
        http._client.cache_clear()
        try:
            yield
        finally:
            settings.ENVIRONMENT = before
            http._client.cache_clear()
