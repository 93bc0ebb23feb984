"""The story of what is left of events, copied from what bookings tells."""

import json
from typing import Any
from uuid import UUID

from django.db import connection

from frontrow.services.events import recent
from frontrow.services.events.models import Event

COPY_TYPES = """
UPDATE events_tickettype AS kind SET capacity = told.capacity, availability = told.availability
FROM jsonb_to_recordset(%s::jsonb) AS stock ("eventId" uuid, "ticketTypes" jsonb)
CROSS JOIN LATERAL jsonb_to_recordset("ticketTypes")
    AS told ("ticketTypeId" uuid, capacity integer, availability integer)
WHERE kind.ticket_type_id = "ticketTypeId" AND kind.event_id = "eventId"
"""
COPY = """
UPDATE events_event AS event SET stock_version = told.version, capacity = told.capacity,
    availability = least(told.availability, (
        SELECT coalesce(sum(availability), 0) FROM events_tickettype kind WHERE kind.event_id = "eventId"
    ))
FROM jsonb_to_recordset(%s::jsonb)
    AS told ("eventId" uuid, version bigint, capacity integer, availability integer)
WHERE event.event_id = "eventId"
"""  # bookings may stock a type that is not for sale yet


def copy(*told: dict[str, Any]) -> None:
    """Keep what bookings says is left, as in stock.changed, of events of which nothing newer is here.

    Runs in the caller's transaction. Who changes an event's ticket types locks the event first, as this does.
    """
    newest = {UUID(stock["eventId"]): stock for stock in sorted(told, key=lambda stock: stock["version"])}
    locked = Event.objects.select_for_update(no_key=True).filter(event_id__in=newest).order_by("event_id")
    known = list(locked.values_list("event_id", "stock_version"))
    newer = [event_id for event_id, version in known if version < newest[event_id]["version"]]
    if newer:
        stocks = json.dumps([newest[event_id] for event_id in newer])
        with connection.cursor() as cursor:
            cursor.execute(COPY_TYPES, [stocks])
            cursor.execute(COPY, [stocks])
        recent.forget(*newer)
