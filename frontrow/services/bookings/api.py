"""The HTTP door of bookings."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Body, Status
from ninja import Query as InQuery
from pydantic import Field, model_validator

from frontrow.chassis import clock, exports, idempotency
from frontrow.chassis.absences import AccountDisabled
from frontrow.chassis.api import Door, answers
from frontrow.chassis.auth import Internal, person
from frontrow.chassis.cursors import InvalidCursor, Page, PageQuery, page
from frontrow.chassis.middleware import request_id
from frontrow.chassis.refusals import NotFound
from frontrow.chassis.schemas import In, Out, Query, Whole
from frontrow.services.bookings import booking, event, leaving, organizing, paying
from frontrow.services.bookings.booking import REFUSALS, TooLateToCancel
from frontrow.services.bookings.deciding import Request
from frontrow.services.bookings.exporting import SECTIONS
from frontrow.services.bookings.models import Booking
from frontrow.services.bookings.rules import CONFIRMED
from frontrow.services.bookings.shown import SIGNED_IN, BookingOut, State

door = Door("bookings", "Booking places, and giving them back.")
door.add_router("", organizing.router)
door.add_router("", leaving.router)
door.add_router("", exports.router("bookings", SECTIONS))

MOST_PLACES, MOST_ITEMS = 1000, 50


class ItemIn(In):
    ticket_type_id: UUID
    quantity: Annotated[int, Whole(1, MOST_PLACES)]


class BookingIn(In):
    event_id: UUID
    quantity: Annotated[int, Whole(1, MOST_PLACES)] | None = None
    items: Annotated[list[ItemIn], Field(min_length=1, max_length=MOST_ITEMS)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "BookingIn":
        if self.items is not None and self.quantity is not None:
            raise ValueError("send either quantity or items")
        kinds = [item.ticket_type_id for item in self.items or ()]
        if len(set(kinds)) != len(kinds):
            raise ValueError("name each ticket type once")
        return self

    def request(self, user_id: UUID, key: str | None, request_id: str) -> Request:
        """What is asked for, in the words of the story."""
        items = tuple((item.ticket_type_id, item.quantity) for item in self.items) if self.items else None
        fingerprint = self._fingerprint() if key else ""
        return Request(user_id, self.event_id, self.quantity or 1, items, key, fingerprint, request_id)

    def _fingerprint(self) -> str:
        plain = self.model_copy(update={
            "quantity": None if self.items else self.quantity or 1,
            "items": sorted(self.items or (), key=lambda item: item.ticket_type_id),
        })  # fmt: skip
        return idempotency.fingerprint(plain)


class BookingsQuery(PageQuery):
    status: State | None = None
    event_id: UUID | None = None


class PersonIn(In):
    user_id: UUID


class OwnerIn(In):
    booking_id: UUID
    user_id: UUID


class OwnersIn(In):
    items: Annotated[list[OwnerIn], Field(max_length=500)]


class HoldersQuery(Query):
    after: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 500


class HolderOut(Out):
    booking_id: UUID
    user_id: UUID
    status: State
    quantity: int


class BookingsIn(In):
    booking_ids: Annotated[list[UUID], Field(max_length=500)]


class StandingOut(Out):
    booking_id: UUID
    status: State
    paid_by: UUID | None
    ended_at: datetime | None
    end_reason: str | None


class SizeIn(In):
    ticket_type_id: UUID
    capacity: Annotated[int, Whole(0, 1_000_000)]


class CapacityIn(In):
    capacity: Annotated[int, Whole(0, 1_000_000)] | None
    ticket_types: list[SizeIn]


def _post_options() -> dict[str, Any]:
    options = answers(201, BookingOut, *SIGNED_IN, *REFUSALS, idempotency.InvalidKey)
    options["openapi_extra"]["parameters"] = [idempotency.PARAMETER]
    return options


@door.post("/bookings", **_post_options())
def hold(request: HttpRequest, body: BookingIn) -> Any:
    """Book places: held until expiresAt, or confirmed at once if they are free."""
    wanted = body.request(person(request).user_id, idempotency.key_of(request), request_id() or "")
    return Status(201, BookingOut.model_validate(booking.hold(wanted, clock.now())))


@door.get("/bookings", **answers(200, Page[BookingOut], *SIGNED_IN, InvalidCursor))
def mine(request: HttpRequest, query: InQuery[BookingsQuery]) -> Any:
    """My bookings, newest first."""
    wanted = {"status": query.status, "event_id": query.event_id}
    rows = Booking.objects.filter(user_id=person(request).user_id)
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    found, cursor = page(rows, ["-booking_id"], query)
    return Page[BookingOut](items=[BookingOut.of(each) for each in found], next_cursor=cursor)


@door.get("/bookings/{uuid:booking_id}", **answers(200, BookingOut, *SIGNED_IN, NotFound))
def read(request: HttpRequest, booking_id: UUID) -> Any:
    """One of my bookings."""
    return BookingOut.of(booking.find(booking_id, person(request).user_id))


@door.delete(
    "/bookings/{uuid:booking_id}",
    **answers(200, BookingOut, *SIGNED_IN, NotFound, TooLateToCancel, AccountDisabled),
)
def cancel(request: HttpRequest, booking_id: UUID) -> Any:
    """Give a booking back; what was paid is refunded."""
    return BookingOut.of(booking.cancel(booking_id, person(request).user_id, clock.now()))


@door.post("/internal/bookings/{uuid:booking_id}/due", auth=Internal(), include_in_schema=False)
def due(request: HttpRequest, booking_id: UUID, body: PersonIn) -> Any:
    """What a person owes for a hold, which is extended while they pay."""
    return paying.due(booking_id, body.user_id, clock.now())


@door.post("/internal/dues", auth=Internal(), include_in_schema=False)
def dues(request: HttpRequest, body: OwnersIn) -> Any:
    """The same of many; who owes nothing, or is not the owner, is left out."""
    owners = {each.booking_id: each.user_id for each in body.items}
    return {"items": paying.dues(owners, clock.now())}


@door.get("/internal/holders/{uuid:event_id}", auth=Internal(), include_in_schema=False)
def holders(request: HttpRequest, event_id: UUID, query: InQuery[HoldersQuery]) -> Any:
    """Who holds live bookings of an event, in pages after a booking."""
    live = Booking.objects.live().filter(event_id=event_id).order_by("booking_id")
    if query.after:
        live = live.filter(booking_id__gt=query.after)
    found = list(live[: query.limit])
    items = [HolderOut.model_validate(each).model_dump(mode="json", by_alias=True) for each in found]
    return {"items": items, "next": items[-1]["bookingId"] if len(items) == query.limit else None}


@door.post("/internal/standings", auth=Internal(), include_in_schema=False)
def standings(request: HttpRequest, body: BookingsIn) -> Any:
    """What became of bookings, and by which payment; those we do not know are left out."""
    found = Booking.objects.filter(pk__in=body.booking_ids)
    return {
        "items": [StandingOut.model_validate(each).model_dump(mode="json", by_alias=True) for each in found]
    }


@door.get("/internal/attendance/{uuid:event_id}/{uuid:user_id}", auth=Internal(), include_in_schema=False)
def attendance(request: HttpRequest, event_id: UUID, user_id: UUID) -> Any:
    """Whether a person has a ticket of an event."""
    tickets = Booking.objects.filter(event_id=event_id, user_id=user_id, status=CONFIRMED)
    return {"attends": tickets.exists()}


@door.post("/internal/stock/{uuid:event_id}", auth=Internal(), include_in_schema=False, response={204: None})
def look(request: HttpRequest, event_id: UUID, facts: Annotated[dict[str, Any], Body()]) -> Any:
    """Learn at once what an event is now, as its message will tell."""
    event.hear(facts)
    return Status(204, None)


@door.put("/internal/stock/{uuid:event_id}", auth=Internal(), include_in_schema=False)
def resize(request: HttpRequest, event_id: UUID, body: CapacityIn) -> Any:
    """Make an event's capacities what events wants, or refuse."""
    sizes = {kind.ticket_type_id: kind.capacity for kind in body.ticket_types}
    return event.resize(event_id, body.capacity, sizes, clock.now())
