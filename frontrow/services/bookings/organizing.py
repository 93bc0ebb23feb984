"""The HTTP door of bookings for organisers: who comes to their events, and what these sell."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import Query as InQuery
from ninja import Router

from frontrow.chassis.api import answers
from frontrow.chassis.auth import person
from frontrow.chassis.cursors import InvalidCursor, Page, PageQuery, page
from frontrow.chassis.refusals import NotFound
from frontrow.chassis.schemas import Line, Out, Query, TimeZone
from frontrow.services.bookings import event, guests, sales
from frontrow.services.bookings.clients import Contact
from frontrow.services.bookings.models import Booking, Finding
from frontrow.services.bookings.shown import SIGNED_IN, BookingOut, State

router = Router()


class GuestsQuery(PageQuery):
    status: State | None = None
    q: Annotated[str, Line(0, 200)] | None = None
    booking_id: UUID | None = None


class GuestOut(BookingOut):
    name: str | None = None  # null if they are gone, or cannot be asked for now
    email: str | None = None

    @classmethod
    def who(cls, found: Booking, contact: Contact | None) -> "GuestOut":
        """A booking and whose it is."""
        told = BookingOut.of(found).model_dump()
        return cls(**told, name=contact and contact.name, email=contact and contact.email)


class SalesQuery(Query):
    timezone: TimeZone = "UTC"


class DayOut(Out):
    date: date
    places: int
    amount: int


class EventSalesOut(Out):
    event_id: UUID
    held: int
    confirmed: int
    amount: int
    currency: str


class SalesOut(EventSalesOut):
    cancelled: int
    expired: int
    days: list[DayOut]


class AllSalesOut(Out):
    items: list[EventSalesOut]


FindingState = Literal["open", "healed", "gone"]


class FindingsQuery(PageQuery):
    event_id: UUID | None = None
    state: FindingState | None = None


class FindingOut(Out):
    finding_id: UUID
    kind: Literal["stock", "forgotten_holds", "oversold"]
    event_id: UUID
    details: str
    state: FindingState
    found_at: datetime
    seen_at: datetime
    closed_at: datetime | None


@router.get("/bookings/sales", **answers(200, AllSalesOut, *SIGNED_IN))
def sales_of_mine(request: HttpRequest) -> Any:
    """What my events have sold, the newest 500 first: places, and what the confirmed ones cost.

    An event that was listed a moment ago may not stand there yet.
    """
    return {"items": sales.of_events(person(request).user_id)}


@router.get("/bookings/events/{uuid:event_id}", **answers(
    200, Page[GuestOut], *SIGNED_IN, NotFound, InvalidCursor
))  # fmt: skip
def guests_of(request: HttpRequest, event_id: UUID, query: InQuery[GuestsQuery]) -> Any:
    """All bookings of my event, the newest first, with name and address of whom they belong to."""
    event.organized(event_id, person(request).user_id)
    wanted = guests.Wanted(event_id, query.status, query.q, query.booking_id)
    found, contacts, cursor = guests.find(wanted, query)
    items = [GuestOut.who(each, contacts.get(each.user_id)) for each in found]
    return Page[GuestOut](items=items, next_cursor=cursor)


@router.get("/bookings/events/{uuid:event_id}/sales", **answers(200, SalesOut, *SIGNED_IN, NotFound))
def sales_of(request: HttpRequest, event_id: UUID, query: InQuery[SalesQuery]) -> Any:
    """What my event has sold: places by status, and by day those confirmed and what they cost."""
    mine = event.organized(event_id, person(request).user_id)
    sold = sales.of_event(mine, ZoneInfo(query.timezone))
    days = [DayOut.model_validate(day) for day in sold.days]
    return SalesOut(event_id=event_id, **sold.places, amount=sold.amount, currency=mine.currency, days=days)


@router.get("/bookings/findings", **answers(200, Page[FindingOut], *SIGNED_IN, InvalidCursor))
def findings_of_mine(request: HttpRequest, query: InQuery[FindingsQuery]) -> Any:
    """Where stock and bookings of my events did not agree, and what became of it, newest first."""
    mine = Finding.objects.filter(organizer_id=person(request).user_id)
    wanted = {"event_id": query.event_id, "state": query.state}
    rows = mine.filter(**{name: value for name, value in wanted.items() if value is not None})
    found, cursor = page(rows, ["-finding_id"], query)
    return Page[FindingOut](items=[FindingOut.model_validate(each) for each in found], next_cursor=cursor)
