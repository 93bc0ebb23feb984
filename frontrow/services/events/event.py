"""The story of an event: listed, changed, cancelled."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from frontrow.chassis import absences
from frontrow.chassis.failpoints import point
from frontrow.chassis.ids import new_id
from frontrow.chassis.limits import Limit
from frontrow.chassis.refusals import Invalid, NotFound, Refusal, Unavailable
from frontrow.services.events import clients, messages, recent, rules, stocks
from frontrow.services.events.models import CANCELLED, DRAFT, PUBLISHED, Event, TicketType
from frontrow.services.events.rules import Terms

ATTEMPTS = 5  # at changing an event that others change at the same moment


class EventCancelled(Refusal):
    code, status, detail = "event_cancelled", 409, "This event is cancelled. Nothing about it can change."


class AlreadyPublished(Refusal):
    code, status = "already_published", 409
    detail = "A published event cannot become a draft again. Cancel it instead."


def create(organizer: UUID, terms: Terms, now: datetime) -> Event:
    """List an event, or keep it as a draft. Raises Invalid, AccountDisabled, TooMany (see settings)."""
    terms = _changed(replace(terms, types=()), {"types": terms.types})
    _check(terms, None, now)
    limit = Limit("events", settings.ENVIRONMENT.events_per_organizer, 3600)
    limit.check(str(organizer), now)
    limit.count(str(organizer), now)
    with transaction.atomic(durable=True):
        absences.check(organizer)
        event = Event(organizer_id=organizer, availability=terms.places, created_at=now)
        event.take(terms, now)
        event.save(force_insert=True)
        _store_types(event, terms)
        if event.status == PUBLISHED:
            messages.event_published(event)
        recent.forget(event.event_id)
    return find(event.event_id, organizer)


def find(event_id: UUID, person: UUID | None) -> Event:
    """An event that the person may read. Raises NotFound."""
    event = Event.objects.seen_by(person).prefetch_related("types").filter(event_id=event_id).first()
    if event is None:
        raise NotFound
    return event


def own(event_id: UUID, organizer: UUID, lock: bool = False) -> Event:
    """An organiser's own event, locked if wanted. Raises NotFound."""
    rows = Event.objects.select_for_update() if lock else Event.objects
    event = rows.filter(event_id=event_id, organizer_id=organizer).first()
    if event is None:
        raise NotFound
    return event


def change(event_id: UUID, organizer: UUID, changes: dict[str, Any], now: datetime) -> Event:
    """Change an organiser's own event; capacities only as far as bookings agrees.

    Raises NotFound, Invalid, EventCancelled, AlreadyPublished, CapacityBelowSold, Unavailable.
    """
    stock = None
    for _ in range(ATTEMPTS):
        before = own(event_id, organizer)
        known = before.terms
        terms = _changed(known, changes)
        _check(terms, known, now)
        if terms == known and stock is None:
            return find(event_id, organizer)
        if before.status == PUBLISHED and (stock is not None or _sizes(terms) != _sizes(known)):
            stock = clients.make_capacity(event_id, terms)  # again, if what was asked for is not to be
        point("events.resized")
        if stored := _store(before, terms, stock, now):
            if terms.status == PUBLISHED:
                clients.hurry(stored)
            return stored
    raise Unavailable("Others are changing this event right now. Try again.")


def cancel(event_id: UUID, organizer: UUID, now: datetime) -> None:
    """Cancel an organiser's own event; a draft just goes. Cancelling twice is fine. Raises NotFound."""
    with transaction.atomic(durable=True):
        event = own(event_id, organizer, lock=True)
        before = event.status
        if before == DRAFT:
            event.delete()
        elif before == PUBLISHED:
            event.status, event.updated_at, event.version = CANCELLED, now, event.version + 1
            event.save()
            messages.event_cancelled(event)
        recent.forget(event_id)
    point("events.cancelled")
    if before == PUBLISHED:
        clients.hurry(event)


def told(event_id: UUID) -> dict[str, Any]:
    """An event as other services know it. Raises NotFound for drafts, of which they must not know."""
    return messages.facts(find(event_id, None))


def copy_rating(event_id: UUID, version: int, average: float, count: int) -> None:
    """Keep what reviews says people think, unless something newer is here; of a draft nobody thinks."""
    older = Event.objects.filter(event_id=event_id, rating_version__lt=version)
    if older.update(rating_version=version, rating_average=average, rating_count=count):
        recent.forget(event_id)


def _changed(terms: Terms, changes: dict[str, Any]) -> Terms:
    if terms.status == CANCELLED:
        raise EventCancelled
    if terms.status == PUBLISHED and changes.get("status") == DRAFT:
        raise AlreadyPublished
    try:
        return replace(terms, **rules.resolved(terms, changes, new_id))
    except LookupError as error:
        raise Invalid.field("ticketTypes", f"there is no ticket type {error} at this event") from None
    except ValueError as error:
        raise Invalid.field("price", str(error)) from None


def _check(terms: Terms, before: Terms | None, now: datetime) -> None:
    wrong = rules.wrongs(terms, before, now)
    if wrong:
        raise Invalid(errors=[{"field": w.field, "message": w.message} for w in wrong])


def _store(before: Event, terms: Terms, stock: dict[str, Any] | None, now: datetime) -> Event | None:
    """Store new terms and read the event as it is then; None if it moved on since it was read."""
    with transaction.atomic(durable=True):
        seen = {"version": before.version, "stock_version": before.stock_version}
        event = Event.objects.select_for_update().filter(pk=before.pk, **seen).first()
        if event is None:
            return None
        event.take(terms, now)
        event.version += 1
        if before.status == DRAFT:
            event.availability = terms.places
        event.save()
        _store_types(event, terms)
        if stock is not None:
            stocks.copy(stock)
        if event.status == PUBLISHED:
            (messages.event_published if before.status == DRAFT else messages.event_updated)(event)
        recent.forget(event.event_id)
        return find(event.event_id, event.organizer_id)


def _store_types(event: Event, terms: Terms) -> None:
    """Make the event's ticket types these, anew: names and places may have changed among them."""
    known: dict[UUID | None, TicketType] = {kind.ticket_type_id: kind for kind in event.types.all()}
    event.types.all().delete()
    TicketType.objects.bulk_create(
        TicketType(
            ticket_type_id=kind.ticket_type_id, event=event, name=kind.name, price=kind.price,
            capacity=kind.capacity, position=position,
            availability=_left(known.get(kind.ticket_type_id), kind.capacity),
        )
        for position, kind in enumerate(terms.types)
    )  # fmt: skip


def _left(known: TicketType | None, capacity: int) -> int:
    """A type's availability until bookings tells more: what was left, moved with the capacity."""
    return capacity if known is None else max(0, known.availability + capacity - known.capacity)


def _sizes(terms: Terms) -> tuple[Any, ...]:
    return terms.capacity, {kind.ticket_type_id: kind.capacity for kind in terms.types}
