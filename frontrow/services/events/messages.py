"""What events says: always the whole event, so that nobody needs to ask back."""

from typing import Any

from frontrow.chassis.message import rfc3339
from frontrow.chassis.outbox import say
from frontrow.services.events.models import Event


def event_published(event: Event) -> None:
    say("event.published.v1", event.event_id, event.version, facts(event))


def event_updated(event: Event) -> None:
    say("event.updated.v1", event.event_id, event.version, facts(event))


def event_cancelled(event: Event) -> None:
    say("event.cancelled.v1", event.event_id, event.version, facts(event))


def facts(event: Event) -> dict[str, Any]:
    """The event as others know it; also the answer when they ask."""
    return {
        "eventId": str(event.event_id),
        "version": event.version,
        "organizerId": str(event.organizer_id),
        "title": event.title,
        "description": event.description,
        "date": rfc3339(event.date),
        "endDate": rfc3339(event.end_date),
        "timezone": event.timezone,
        "location": event.location,
        "category": event.category,
        "status": event.status,
        "currency": event.currency,
        "capacity": event.capacity,
        "ticketTypes": [
            {"ticketTypeId": str(kind.ticket_type_id), "name": kind.name, "price": kind.price,
             "capacity": kind.capacity}
            for kind in event.types.all()
        ],
        "holdMinutes": event.hold_minutes,
        "maxPerPerson": event.max_per_person,
        "salesStart": rfc3339(event.sales_start),
        "salesEnd": rfc3339(event.sales_end or event.end_date),
        "cancelUntil": rfc3339(event.cancel_until or event.date),
    }  # fmt: skip
