"""The story of what we know of people, events and bookings: heard, or asked for when it was not."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from frontrow.chassis import absences
from frontrow.chassis.message import rfc3339
from frontrow.services.notifications import clients, erasing, rules
from frontrow.services.notifications.models import (
    Announcement,
    Booking,
    Event,
    Notification,
    Person,
    Snapshot,
)


def learn_person(facts: dict[str, Any]) -> None:
    """Take over what users says of a person, unless they are erased. Runs in the caller's transaction."""
    if absences.erased([UUID(facts["userId"])]):
        return
    info = facts["profileInfo"]
    name, language = info.get("displayName") or facts["username"], (info.get("locale") or "").split("-")[0]
    Person.objects.keep(
        UUID(facts["userId"]), facts["version"], email=facts["email"], name=name, language=language
    )


def learn_event(facts: dict[str, Any], since: datetime) -> None:
    """Take over what events says to be so since then, and announce what is no longer as people were told.

    Old news that come late tell what people saw when they booked, as long as no change was announced.
    Runs in the caller's transaction.
    """
    known = Event.objects.filter(event_id=facts["eventId"])
    before = known.values_list("organizer_id", flat=True).first()
    Event.objects.keep(UUID(facts["eventId"]), facts["version"], **_columns(facts), since=since)
    event = Event.objects.select_for_update().get(event_id=facts["eventId"])
    older = event.told_version is not None and facts["version"] < event.told_version
    if event.told is None or (older and not event.announced):
        event.told, event.told_version = _terms(facts), facts["version"]
    if event.status == rules.PUBLISHED and rules.differences(event.told, event.terms):
        _announce_change(event)
        event.told, event.told_version, event.announced = event.terms, event.version, True
    event.save(update_fields=["told", "told_version", "announced", "reminded_for"])
    if before not in (None, event.organizer_id):
        erasing.forget_organizer(event.event_id)


def event_of(event_id: UUID, now: datetime) -> Event | None:
    """An event, asked for if we have not heard of it; None if there is none. Raises Unavailable."""
    found = Event.objects.filter(event_id=event_id).first()
    if found is None and (facts := clients.event_facts(event_id)):
        with transaction.atomic(durable=True):
            learn_event(facts, now)
        found = Event.objects.get(event_id=event_id)
    return found


def person_of(user_id: UUID) -> Person | None:
    """A person, asked for if we have not heard of them; None if there is none. Raises Unavailable."""
    found = Person.objects.filter(user_id=user_id).first()
    if found is None and (facts := clients.user_facts(user_id)):
        with transaction.atomic(durable=True):
            learn_person(facts)
        found = Person.objects.filter(user_id=user_id).first()
    return found


def deadline_of(booking_id: UUID) -> str | None:
    """Until when a booking is held, as far as we know."""
    held = Booking.objects.filter(pk=booking_id, status=rules.HELD).first()
    return rfc3339(held.expires_at) if held else None


def recall(told: Iterable[Notification]) -> None:
    """Put beside the facts of each the event as it was when that was told, or null; nothing is stored."""
    some = [each for each in told if "event" not in each.facts]  # older code stored it there
    versions = {(each.event_id, each.event_version) for each in some if each.event_version is not None}
    events = {event.pk: event.snapshot for event in Snapshot.objects.filter(pk__in=list(versions))}
    for each in some:
        each.facts = {**each.facts, "event": events.get((each.event_id, each.event_version))}


def _announce_change(event: Event) -> None:
    """Whoever booked since it is so knows already."""
    since = event.since
    Announcement.objects.bulk_create(
        [Announcement(
            kind=rules.EVENT_CHANGED, event_id=event.event_id, cause=str(event.version), before=since,
            facts={"before": event.told, "after": event.terms}, next_at=since, created_at=since,
        )],
        ignore_conflicts=True,
    )  # fmt: skip
    if event.date - since <= rules.REMIND_BEFORE:
        event.reminded_for = event.date  # the news themselves remind


def _terms(facts: dict[str, Any]) -> dict[str, str]:
    return {name: facts[name] for name in ("date", "endDate", "timezone", "location")}


def _columns(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "organizer_id": UUID(facts["organizerId"]),
        "title": facts["title"],
        "date": _time(facts["date"]),
        "end_date": _time(facts["endDate"]),
        "timezone": facts["timezone"],
        "location": facts["location"],
        "status": facts["status"],
    }


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
