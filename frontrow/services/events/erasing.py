"""The story of an organiser who leaves: what took place stays, without their words and as nobody's."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from frontrow.chassis import absences
from frontrow.chassis.ids import new_id
from frontrow.services.events import messages, recent
from frontrow.services.events.models import CANCELLED, DRAFT, PUBLISHED, Cover, Event


def erase(user_id: UUID, version: int, at: datetime, now: datetime) -> None:
    """Forget an organiser who was erased at that time.

    Drafts go. What was still to come then got past the question who holds places of it: it is cancelled, and
    everybody gets their money back. Of the others title, time and place stay, for those who were there; the
    listeners are told of each. Runs in the listener's transaction.
    """
    absences.erase(user_id, version)
    theirs = Event.objects.filter(organizer_id=user_id)
    theirs.filter(status=DRAFT).delete()
    for event in theirs.select_for_update().order_by("pk"):
        if event.status == PUBLISHED and event.end_date > at:
            event.status = CANCELLED
        _forget_organizer(event, now)
        told = messages.event_cancelled if event.status == CANCELLED else messages.event_updated
        told(event)
        recent.forget(event.event_id)


def to_come(event_ids: Collection[UUID], now: datetime) -> list[UUID]:
    """Those of these events that are not over, nor cancelled."""
    return _ids(event_id__in=event_ids, end_date__gt=now)


def organized(user_id: UUID, now: datetime) -> list[UUID]:
    """The events of an organiser that are not over, nor cancelled, nor drafts."""
    return _ids(organizer_id=user_id, end_date__gt=now)


def _ids(**wanted: object) -> list[UUID]:
    found = Event.objects.filter(status=PUBLISHED, **wanted)
    return list(found.order_by("pk").values_list("pk", flat=True))


def _forget_organizer(event: Event, now: datetime) -> None:
    Cover.objects.filter(event_id=event.event_id).delete()
    event.organizer_id, event.cover_digest, event.version = new_id(), "", event.version + 1
    event.take(replace(event.terms, description=""), now)
    event.save()
