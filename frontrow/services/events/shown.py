"""An event as the API shows it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from frontrow.chassis.schemas import Out
from frontrow.services.events.models import Event


class TicketTypeOut(Out):
    ticket_type_id: UUID
    name: str
    price: int
    currency: str
    capacity: int
    availability: int


class RatingOut(Out):
    average: float
    count: int


class CoverOut(Out):
    large: str  # addresses here, of 1600 × 900 and 800 × 450 pixels
    small: str


class EventOut(Out):
    event_id: UUID
    title: str
    description: str
    date: datetime
    end_date: datetime
    timezone: str
    location: str
    category: str
    organizer_id: UUID
    status: str
    capacity: int
    availability: int
    ticket_types: list[TicketTypeOut]
    rating: RatingOut
    cover: CoverOut | None
    hold_minutes: int
    max_per_person: int
    sales_start: datetime | None
    sales_end: datetime
    cancel_until: datetime
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, found: Event) -> "EventOut":
        terms, kinds = found.terms, found.types.all()
        types = [
            TicketTypeOut(currency=found.currency, **_fields(kind, TicketTypeOut, "currency"))
            for kind in kinds
        ]
        derived = {
            "capacity": terms.places, "ticket_types": types,
            "rating": RatingOut(average=round(found.rating_average, 2), count=found.rating_count),
            "cover": _cover(found),
            "sales_end": found.sales_end or found.end_date, "cancel_until": found.cancel_until or found.date,
        }  # fmt: skip
        return cls(**derived, **_fields(found, cls, *derived))


def _cover(found: Event) -> CoverOut | None:
    address = f"/events/{found.event_id}/cover/{found.cover_digest}"
    return (
        CoverOut(large=f"{address}-large.jpg", small=f"{address}-small.jpg") if found.cover_digest else None
    )


def _fields(row: object, schema: type[Out], *but: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in schema.model_fields if name not in but}
