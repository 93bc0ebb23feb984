"""What the tests of reviews share: events that are over, who was there, and services that are away."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import F

from frontrow.chassis import http
from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Outbox
from frontrow.services.reviews import attendance, review
from frontrow.services.reviews.models import Review

NOW = datetime(2030, 5, 2, 12, 0, tzinfo=UTC)
YESTERDAY, TOMORROW = NOW - timedelta(days=1), NOW + timedelta(days=1)


def event_facts(**changes: Any) -> dict[str, Any]:
    """What reviews needs of an event that ended yesterday, as events would tell it."""
    return {
        "eventId": str(new_id()), "version": 1, "organizerId": str(new_id()), "status": "published",
        "endDate": YESTERDAY.isoformat(), **changes,
    }  # fmt: skip


def booking_facts(event_id: UUID, user_id: UUID, **changes: Any) -> dict[str, Any]:
    """The same of a ticket, as bookings would tell it."""
    return {
        "bookingId": str(new_id()), "version": 2, "userId": str(user_id), "eventId": str(event_id),
        "status": "confirmed", **changes,
    }  # fmt: skip


def hear_event(told: dict[str, Any]) -> UUID:
    with transaction.atomic():
        attendance.learn_event(told)
    return UUID(told["eventId"])


def hear_booking(told: dict[str, Any]) -> None:
    with transaction.atomic():
        attendance.learn_bookings([told])


def over(*attendees: UUID, **changes: Any) -> UUID:
    """An event that ended yesterday, and who was there."""
    event_id = hear_event(event_facts(**changes))
    for user_id in attendees:
        hear_booking(booking_facts(event_id, user_id))
    return event_id


def reviewed(event_id: UUID, rating: int = 4, **changes: Any) -> Review:
    """A review by somebody new who was there."""
    user_id, comment, now = new_id(), f"{rating} stars", NOW
    hear_booking(booking_facts(event_id, user_id))
    return review.write(**{"user_id": user_id, "event_id": event_id, "rating": rating,
                           "comment": comment, "now": now, **changes})  # fmt: skip


def time_passes(event_id: str) -> None:
    """Let an event of events be over, as time itself would, or its organiser by changing the date."""
    now = datetime.now(UTC)
    past = {"date": now - timedelta(days=2), "end_date": now - timedelta(days=1), "version": F("version") + 1}
    apps.get_model("events", "Event").objects.filter(event_id=event_id).update(**past)


def told() -> list[tuple[int, float, int]]:
    """Version, average and count of every rating.changed, in order."""
    rows = Outbox.objects.filter(type="rating.changed.v1").order_by("id").values_list("data", flat=True)
    return [(data["version"], data["average"], data["count"]) for data in rows]


@contextmanager
def away(*services: str) -> Iterator[None]:
    """Let services live at an address where nobody listens."""
    before = settings.ENVIRONMENT
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings.ENVIRONMENT = before.model_copy(update={f"{name}_url": address for name in services})
        http._client.cache_clear()
        try:
            yield
        finally:
            settings.ENVIRONMENT = before
            http._client.cache_clear()
