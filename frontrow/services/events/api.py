"""The HTTP door of events."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query as InQuery
from ninja import Status
from pydantic import BaseModel, Field, field_validator, model_validator

from frontrow.chassis import clock, exports
from frontrow.chassis.absences import AccountDisabled
from frontrow.chassis.api import Door, answers
from frontrow.chassis.auth import Internal, MaybeBearer, Organizer, TwoFactorNeeded, maybe_person, person
from frontrow.chassis.cursors import InvalidCursor, Page, PageQuery
from frontrow.chassis.refusals import InvalidToken, NotFound, NotSignedIn, TooMany
from frontrow.chassis.schemas import Currency, In, Instant, Line, Out, Text, TimeZone, Whole
from frontrow.services.events import covering, event, facets, leaving, listing
from frontrow.services.events.clients import CapacityBelowSold
from frontrow.services.events.event import AlreadyPublished, EventCancelled
from frontrow.services.events.exporting import SECTIONS
from frontrow.services.events.models import DRAFT
from frontrow.services.events.recent import FACETS, LISTS, SECONDS, Recent
from frontrow.services.events.rules import Terms, Type
from frontrow.services.events.shown import EventOut

door = Door("events", "Events and the terms on which they are sold.")
door.add_router("", covering.router)
door.add_router("", leaving.router)
door.add_router("", exports.router("events", SECTIONS))

MOST_PLACES = 1_000_000
MOST_TYPES = 50
Price = Annotated[int, Whole(0, 100_000_000_00)]
Capacity = Annotated[int, Whole(1, MOST_PLACES)]
OPTIONAL = {"capacity", "sales_start", "sales_end", "cancel_until"}  # a null resets these


class TicketTypeIn(In):
    ticket_type_id: UUID | None = None
    name: Annotated[str, Line(1, 100)]
    price: Price
    currency: Currency | None = None
    capacity: Capacity


class EventFields(In):
    category: Annotated[str, Line(0, 60)] = ""
    status: Literal["draft", "published"] = "published"
    capacity: Capacity | None = None
    price: Price | None = None
    currency: Currency | None = None
    ticket_types: Annotated[list[TicketTypeIn], Field(min_length=1, max_length=MOST_TYPES)] | None = None
    hold_minutes: Annotated[int, Whole(1, 1440)] = 15
    max_per_person: Annotated[int, Whole(1, 1000)] = 10
    sales_start: Instant | None = None
    sales_end: Instant | None = None
    cancel_until: Instant | None = None

    @model_validator(mode="after")
    def _one_price_list(self) -> "EventFields":
        if self.ticket_types is not None and self.price is not None:
            raise ValueError("send either price or ticketTypes")
        currencies = {kind.currency or self.currency for kind in self.ticket_types or ()} - {None}
        if len(currencies | ({self.currency} - {None})) > 1:
            raise ValueError("all ticket types of an event share one currency")
        return self

    def changes(self) -> dict[str, Any]:
        """What was sent, in the words of the rules."""
        given = self.given()
        kinds = given.pop("ticket_types", None)
        if kinds:
            given["types"] = tuple(Type(k.ticket_type_id, k.name, k.price, k.capacity) for k in kinds)
            given["currency"] = self.currency or next((k.currency for k in kinds if k.currency), None)
        return {name: value for name, value in given.items() if value is not None or name in OPTIONAL}


class EventIn(EventFields):
    title: Annotated[str, Line(1, 200)]
    description: Annotated[str, Text(0, 20_000)]
    date: Instant
    end_date: Instant
    timezone: TimeZone
    location: Annotated[str, Line(1, 300)]

    @model_validator(mode="after")
    def _sold_somehow(self) -> "EventIn":
        if self.ticket_types is None and None in (self.capacity, self.price, self.currency):
            raise ValueError("send capacity, price and currency, or ticketTypes")
        if self.changes().get("currency") is None:
            raise ValueError("send a currency")
        return self

    def terms(self) -> Terms:
        """The event as the rules see it: a simple one has a single ticket type."""
        changes = self.changes()
        if self.ticket_types is None:
            types = (Type(None, "Ticket", changes.pop("price"), changes.pop("capacity")),)
            return Terms(**changes, types=types)
        return Terms(**changes)


class EventChangeIn(EventFields):
    title: Annotated[str, Line(1, 200)] = ""
    description: Annotated[str, Text(0, 20_000)] = ""
    date: Instant | None = None
    end_date: Instant | None = None
    timezone: TimeZone = ""
    location: Annotated[str, Line(1, 300)] = ""

    @field_validator("date", "end_date", "price", "currency", "ticket_types", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("leave the field out instead of sending null")
        return value


class EventsQuery(PageQuery):
    q: Annotated[str, Line(0, 200)] | None = None
    category: Annotated[str, Line(1, 60)] | None = None
    location: Annotated[str, Line(1, 300)] | None = None
    starts_from: Annotated[Instant | None, Field(alias="from")] = None
    starts_to: Annotated[Instant | None, Field(alias="to")] = None
    min_price: Annotated[int, Field(ge=0, le=2**53)] | None = None
    max_price: Annotated[int, Field(ge=0, le=2**53)] | None = None
    organizer_id: UUID | None = None
    status: Literal["draft", "published", "cancelled"] | None = None
    sort: Literal["date", "-date", "price", "-price", "rating", "newest"] = "date"

    def wanted(self) -> listing.Wanted:
        """The question, in the words of the story."""
        own = self.model_dump(exclude={"q", "limit", "cursor"})
        return listing.Wanted(words=self.q or None, **own)


class FacetOut(Out):
    name: str
    count: int


class FacetsOut(Out):
    categories: list[FacetOut]
    cities: list[FacetOut]
    currencies: list[str]


@door.post("/events", auth=Organizer(), **answers(
    201, EventOut, NotSignedIn, InvalidToken, TwoFactorNeeded, AccountDisabled, TooMany
))  # fmt: skip
def create(request: HttpRequest, body: EventIn) -> Any:
    """List an event, or keep it as a draft."""
    return Status(201, EventOut.of(event.create(person(request).user_id, body.terms(), clock.now())))


@door.get("/events", auth=MaybeBearer(), **answers(200, Page[EventOut], InvalidToken, InvalidCursor))
def search(request: HttpRequest, query: InQuery[EventsQuery]) -> Any:
    """Find events: by words, category, place, time, price or organiser.

    Without `from`, those that are not over; by rating, all. With my own `organizerId` all of mine, also
    drafts and cancelled ones; of anybody else's only published ones are found, whatever `status` says.
    """
    wanted, who = query.wanted(), _who(request)
    recent = None if who and wanted.organizer_id == who else Recent(LISTS, query.model_dump_json())
    if recent and recent.content is not None:
        return _rendered(recent.content)
    found, cursor = listing.search(wanted, who, query, clock.now())
    page = Page[EventOut](items=[EventOut.of(each) for each in found], next_cursor=cursor)
    return _kept(recent, request, page) if recent else page


@door.get("/events/facets", auth=None, **answers(200, FacetsOut))
def browse(request: HttpRequest) -> Any:
    """By what events that are not over can be narrowed, the most frequent first; at most a minute old."""
    recent = Recent(FACETS)
    if recent.content is not None:
        return _rendered(recent.content)
    found = FacetsOut.model_validate(facets.of_events(clock.now()))
    return _kept(recent, request, found, facets.SECONDS)


@door.get("/events/{uuid:event_id}", auth=MaybeBearer(), **answers(200, EventOut, InvalidToken, NotFound))
def read(request: HttpRequest, event_id: UUID) -> Any:
    """An event, with what is left; at most two seconds old."""
    recent = Recent(str(event_id))
    if recent.content is not None:
        return _rendered(recent.content)
    found = event.find(event_id, _who(request))
    return EventOut.of(found) if found.status == DRAFT else _kept(recent, request, EventOut.of(found))


@door.put("/events/{uuid:event_id}", auth=Organizer(), **answers(
    200, EventOut, NotSignedIn, InvalidToken, TwoFactorNeeded, NotFound, CapacityBelowSold, EventCancelled,
    AlreadyPublished,
))  # fmt: skip
def change(request: HttpRequest, event_id: UUID, body: EventChangeIn) -> Any:
    """Change my event: what is sent replaces. Omitted ticket types go, if nothing of them is sold."""
    return EventOut.of(event.change(event_id, person(request).user_id, body.changes(), clock.now()))


@door.delete("/events/{uuid:event_id}", auth=Organizer(), **answers(
    204, None, NotSignedIn, InvalidToken, TwoFactorNeeded, NotFound
))  # fmt: skip
def cancel(request: HttpRequest, event_id: UUID) -> Any:
    """Cancel my event: every booking is cancelled and refunded."""
    event.cancel(event_id, person(request).user_id, clock.now())
    return Status(204, None)


@door.get("/internal/events/{uuid:event_id}", auth=Internal(), include_in_schema=False)
def told(request: HttpRequest, event_id: UUID) -> Any:
    """An event as other services know it."""
    return event.told(event_id)


def _kept(recent: Recent, request: HttpRequest, answer: BaseModel, seconds: int = SECONDS) -> HttpResponse:
    made = door.create_response(request, answer.model_dump(by_alias=True), status=200)
    recent.keep(made.content, seconds)
    return made


def _rendered(content: bytes) -> HttpResponse:
    return HttpResponse(content, content_type=door.get_content_type())


def _who(request: HttpRequest) -> UUID | None:
    found = maybe_person(request)
    return found.user_id if found else None
