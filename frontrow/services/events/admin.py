"""What operators see of events: terms as organisers set them, and availability as copied from bookings."""

from typing import ClassVar

from django.contrib import admin

from frontrow.chassis import money
from frontrow.chassis.admin import ReadOnly, ReadOnlyRows, one_of
from frontrow.services.events.models import CANCELLED, DRAFT, PUBLISHED, Event, TicketType


class TicketTypes(ReadOnlyRows):
    model = TicketType
    fields = ("ticket_type_id", "name", "costs", "capacity", "availability")

    @admin.display(description="price")
    def costs(self, kind: TicketType) -> str:
        return money.shown(kind.price, kind.event.currency)


@admin.register(Event)
class Events(ReadOnly):
    list_display = ("title", "status", "category", "date", "availability", "event_id", "organizer_id")
    list_filter = (one_of("status", DRAFT, PUBLISHED, CANCELLED), "category")
    date_hierarchy = "date"
    search_ids: ClassVar = ("event_id", "organizer_id")
    search_fields = ("title",)
    ordering = ("-event_id",)
    inlines = (TicketTypes,)
    fields = (
        "event_id", "organizer_id", "status", "title", "description", "category", "location",
        "date", "end_date", "timezone", "capacity", "availability", "stock_version", "costs_from",
        "hold_minutes", "max_per_person", "sales_start", "sales_end", "cancel_until", "rating_average",
        "rating_count", "version", "created_at", "updated_at",
    )  # fmt: skip

    @admin.display(description="price from")
    def costs_from(self, event: Event) -> str:
        return money.shown(event.price_from, event.currency)
