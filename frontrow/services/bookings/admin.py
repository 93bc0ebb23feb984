"""What operators see of bookings and stock. Both change by stories only: nothing is written here."""

from typing import Any

from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from frontrow.chassis import money
from frontrow.chassis.admin import ReadOnly, one_of
from frontrow.services.bookings.models import Booking, Event, EventStock, Finding
from frontrow.services.bookings.rules import CANCELLED, CONFIRMED, EXPIRED, FINDINGS, GONE, HEALED, HELD, OPEN


@admin.register(Booking)
class Bookings(ReadOnly):
    list_display = ("booking_id", "status", "quantity", "costs", "booking_date", "user_id", "event_id")
    list_filter = (one_of("status", HELD, CONFIRMED, CANCELLED, EXPIRED), "booking_date")
    search_ids = ("booking_id", "user_id", "event_id")
    ordering = ("-booking_id",)
    fields = (
        "booking_id", "user_id", "event_id", "status", "booking_date", "items", "quantity", "costs",
        "held_until", "expires_at", "ended_at", "end_reason", "paid_by", "version", "idempotency_key",
    )  # fmt: skip

    @admin.display(description="amount")
    def costs(self, booking: Booking) -> str:
        return money.shown(booking.amount, booking.currency)


@admin.register(Event)
class Events(ReadOnly):
    """Events as bookings knows them, with their stock: capacity = left + held + confirmed."""

    list_display = ("event_id", "status", "capacity", "taken", "left", "held", "confirmed", "sales_end")
    list_filter = (one_of("status", "published", "cancelled"),)
    search_ids = ("event_id", "organizer_id")
    ordering = ("-event_id",)
    fields = (
        "event_id", "organizer_id", "status", "capacity", "taken", "left", "held", "confirmed",
        "ticket_types", "hold_minutes", "max_per_person", "sales_start", "sales_end", "cancel_until",
        "closed_at", "version",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Events with their numbers, which PostgreSQL works out for the rows of the page only."""
        stock = EventStock.objects.filter(event_id=OuterRef("event_id"))
        return super().get_queryset(request).annotate(
            capacity=Subquery(stock.values("capacity")),
            taken=Subquery(stock.values("taken")),
            left=F("capacity") - F("taken"),
            held=_places(HELD),
            confirmed=_places(CONFIRMED),
        )  # fmt: skip

    @admin.display
    def capacity(self, event: Any) -> int | None:
        return event.capacity

    @admin.display
    def taken(self, event: Any) -> int | None:
        return event.taken

    @admin.display
    def left(self, event: Any) -> int | None:
        return event.left

    @admin.display
    def held(self, event: Any) -> int:
        return event.held

    @admin.display
    def confirmed(self, event: Any) -> int:
        return event.confirmed


@admin.register(Finding)
class Findings(ReadOnly):
    """Where stock and bookings did not agree, as `make reconcile` tells."""

    list_display = ("kind", "state", "event_id", "details", "found_at", "seen_at", "closed_at")
    list_filter = (one_of("state", OPEN, HEALED, GONE), one_of("kind", *FINDINGS))
    search_ids = ("finding_id", "event_id", "organizer_id")
    ordering = ("-finding_id",)


def _places(status: str) -> Coalesce:
    """The places of an event's bookings in this state."""
    some = Booking.objects.filter(event_id=OuterRef("event_id"), status=status).order_by()
    return Coalesce(Subquery(some.values("event_id").values(sum=Sum("quantity"))), 0)
