"""The story of stock as others are told of it. Taking it is hold_v2.sql's; ending.py returns it."""

from uuid import UUID

from django.db import transaction

from frontrow.services.bookings import messages
from frontrow.services.bookings.models import EventStock, TypeStock

TOLD_AT_ONCE = 200


def tell() -> int:
    """Say stock.changed for events whose stock changed; how many. Several may run at once."""
    untold = EventStock.objects.filter(untold=True).order_by("event_id").values_list("event_id", flat=True)
    return sum(_tell_of(event_id) for event_id in list(untold[:TOLD_AT_ONCE]))


def _tell_of(event_id: UUID) -> int:
    """Wait for the event's turn, rather than skip the one that everybody books."""
    with transaction.atomic(durable=True):
        stock = EventStock.objects.lock(event_id)
        if stock is None or not stock.untold:
            return 0
        types = TypeStock.objects.filter(event_id=event_id).order_by("ticket_type_id")
        messages.stock_changed(stock, list(types))
        EventStock.objects.filter(event_id=event_id).update(untold=False)
    return 1
