"""The story of sales: what an organiser's events have sold, by event and by day."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import DateTimeField, F, Func, Sum, Value

from frontrow.services.bookings import rules
from frontrow.services.bookings.models import Booking, Event
from frontrow.services.bookings.rules import CANCELLED, CONFIRMED, EXPIRED, HELD, Sold

MOST_EVENTS = 500
OF_EACH = """
    SELECT event.event_id, event.currency,
           coalesce(sum(booking.quantity) FILTER (WHERE booking.status = 'held'), 0) AS held,
           coalesce(sum(booking.quantity) FILTER (WHERE booking.status = 'confirmed'), 0) AS confirmed,
           coalesce(sum(booking.amount) FILTER (WHERE booking.status = 'confirmed'), 0)::bigint AS amount
    FROM (SELECT event_id, currency FROM bookings_event
          WHERE organizer_id = %s ORDER BY event_id DESC LIMIT %s) event
    LEFT JOIN bookings_booking booking
           ON booking.event_id = event.event_id AND booking.status IN ('held', 'confirmed')
    GROUP BY event.event_id, event.currency ORDER BY event.event_id DESC
"""


@dataclass(frozen=True, slots=True)
class Sales:
    """Places of an event's bookings by status, and what its tickets cost in minor units."""

    places: dict[str, int]
    amount: int
    days: list[Sold]


def of_event(event: Event, zone: tzinfo) -> Sales:
    """What an event has sold, in days of the zone; as sold, whatever was given back of it since."""
    quarter = Func(
        Value("15 minutes"), F("booking_date"), Value("2000-01-01 00:00Z"),
        template="date_bin(%(expressions)s::timestamptz)", output_field=DateTimeField(),
    )  # fmt: skip  # the database may not know every zone that we do
    rows = list(
        Booking.objects.filter(event_id=event.event_id)
        .values("status", quarter=quarter)
        .annotate(places=Sum("quantity"), cost=Sum("amount"))
    )
    states = (HELD, CONFIRMED, CANCELLED, EXPIRED)
    places = {state: sum(row["places"] for row in rows if row["status"] == state) for state in states}
    sold = [(row["quarter"], row["places"], int(row["cost"])) for row in rows if row["status"] == CONFIRMED]
    return Sales(places, sum(cost for _, _, cost in sold), rules.by_day(sold, zone))


def of_events(organizer: UUID) -> list[dict[str, Any]]:
    """What is held and sold of each of an organiser's MOST_EVENTS newest events."""
    with connection.cursor() as cursor:
        cursor.execute(OF_EACH, [organizer, MOST_EVENTS])
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
