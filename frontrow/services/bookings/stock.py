"""The story of stock as others are told of it. Taking it is hold_v4.sql's; ending.py returns it."""

from datetime import datetime

from django.db import connection

from frontrow.chassis import outbox
from frontrow.chassis.arrays import array
from frontrow.chassis.ids import new_id
from frontrow.services.bookings.models import EventStock

TOLD_AT_ONCE = 200
TELL = "SELECT bookings_tell_v1(%s::uuid[], %s::uuid[], %s)"


def tell(now: datetime) -> int:
    """Say stock.changed for events whose stock changed; how many. Several may run at once.

    As in deciding.py, what locks is one statement, so that no lock is held across a round trip.
    """
    untold = EventStock.objects.filter(untold=True).order_by("event_id").values_list("event_id", flat=True)
    event_ids = list(untold[:TOLD_AT_ONCE])
    if not event_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(TELL, [array(event_ids), array(new_id() for _ in event_ids), now])
        ((told,),) = cursor.fetchall()
    outbox.NEWS.set()
    return int(told)
