"""The story of watching: what must always hold, counted from the bookings themselves; and what sells."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection
from django.db.models import Count, F, Sum

from frontrow.chassis.metrics import or_unknown
from frontrow.services.bookings import rules
from frontrow.services.bookings.metrics import FINDINGS, OVERSOLD, STOCK_LEFT
from frontrow.services.bookings.models import Booking, EventStock, Finding, TypeStock

log = structlog.get_logger(__name__)
HOT, LATELY = 10, timedelta(hours=1)  # so many events, by bookings made so lately
HISTORY = timedelta(days=30)  # after the end of a sale nothing more is sold
# One statement sees one moment, so a booking is never counted without the stock it took.
BEYOND = """
WITH live AS (
    SELECT booking.event_id, item."ticketTypeId" AS type_id, sum(item.quantity) AS places
    FROM bookings_booking booking,
         jsonb_to_recordset(booking.items) AS item ("ticketTypeId" uuid, quantity integer)
    WHERE booking.status IN ('held', 'confirmed') AND NOT EXISTS (
        SELECT FROM bookings_event event WHERE event.event_id = booking.event_id AND event.sales_end < %s)
    GROUP BY 1, 2
)
SELECT 'ticket_type', live.event_id, sum(live.places - coalesce(stock.capacity, 0))
FROM live LEFT JOIN bookings_typestock stock ON stock.ticket_type_id = live.type_id
WHERE live.places > coalesce(stock.capacity, 0) GROUP BY 1, 2
UNION ALL
SELECT 'event', live.event_id, sum(live.places) - coalesce(max(stock.capacity), 0)
FROM live LEFT JOIN bookings_eventstock stock USING (event_id)
GROUP BY 1, 2 HAVING sum(live.places) > coalesce(max(stock.capacity), 0)
"""


def look_for_oversold(now: datetime) -> int:
    """Set the gauge of places beyond what there is, whatever the stock's own counts say; how many."""
    with or_unknown(OVERSOLD):
        total = dict.fromkeys(("event", "ticket_type"), 0)
        for of, event_id, places in beyond(now - HISTORY):
            total[of] += places
            log.error("oversold", of=of, event_id=str(event_id), places=places)
        for of, places in total.items():
            OVERSOLD.labels(of).set(places)
    return sum(total.values())


def beyond(since: datetime) -> list[tuple[str, UUID, int]]:
    """Of which events more was sold than there is, as a whole or of a ticket type, and how many places.

    Events whose sale ended before that time are left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(BEYOND, [since])
        return [(of, event_id, int(places)) for of, event_id, places in cursor.fetchall()]


def look_at_findings() -> None:
    """Set the gauge of what reconciling.py found and could not heal."""
    open_ones = Finding.objects.filter(state=rules.OPEN).values_list("kind").annotate(count=Count("pk"))
    for kind, count in (dict.fromkeys(rules.FINDINGS, 0) | dict(open_ones)).items():
        FINDINGS.labels(kind).set(count)


def look_at_sales(now: datetime) -> None:
    """Set the gauge of what is left of the events that most bookings were made of lately."""
    lately = Booking.objects.filter(booking_id__gte=_first_id(now - LATELY)).values("event_id")
    hot = list(lately.annotate(count=Count("pk")).order_by("-count", "event_id")[:HOT])
    ids = [row["event_id"] for row in hot]
    types = TypeStock.objects.filter(event_id__in=ids).values_list("event_id")
    left_of_types = dict(types.annotate(left=Sum(F("capacity") - F("taken"))))
    left = {
        str(stock.event_id): rules.availability(stock.capacity - stock.taken, [left_of_types[stock.event_id]])
        for stock in EventStock.objects.filter(event_id__in=ids)
    }
    for event_id, places in left.items():
        STOCK_LEFT.labels(event_id).set(places)
    for event_id in _shown - left.keys():
        STOCK_LEFT.remove(event_id)
    _shown.clear()
    _shown.update(left)


_shown: set[str] = set()  # the events that the gauge tells of


def _first_id(moment: datetime) -> UUID:
    """No id made at this time or later is smaller: they begin with their milliseconds."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
