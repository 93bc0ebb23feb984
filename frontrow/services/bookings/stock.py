"""The story of stock: given back, and told to those who show it. Taking it is hold_v1.sql's."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F

from frontrow.services.bookings import messages, rules
from frontrow.services.bookings.models import Booking, EventStock, TypeStock

TOLD_AT_ONCE = 200


def give_back(event_id: UUID, ended: Sequence[Booking]) -> None:
    """Return the places of bookings that ended just now, under the lock of the event's stock."""
    if not ended:
        return
    for type_id, places in rules.places_by_type(booking.items for booking in ended).items():
        TypeStock.objects.filter(ticket_type_id=type_id).update(taken=F("taken") - places)
    places = sum(booking.quantity for booking in ended)
    EventStock.objects.filter(event_id=event_id).update(
        taken=F("taken") - places, version=F("version") + 1, untold=True
    )


def tell() -> int:
    """Say stock.changed for events whose stock changed; how many. Several may run at once."""
    with transaction.atomic(durable=True):
        untold = (
            EventStock.objects.filter(untold=True).order_by("event_id").select_for_update(skip_locked=True)
        )
        stocks = {stock.event_id: stock for stock in untold[:TOLD_AT_ONCE]}
        types: dict[UUID, list[TypeStock]] = {event_id: [] for event_id in stocks}
        for kind in TypeStock.objects.filter(event_id__in=stocks).order_by("ticket_type_id"):
            types[kind.event_id].append(kind)
        messages.stock_changed((stock, types[event_id]) for event_id, stock in stocks.items())
        EventStock.objects.filter(event_id__in=stocks).update(untold=False)
    return len(stocks)
