"""The story of a notification: told once, read, wanted by mail or not."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import translation

from frontrow.chassis import absences, metrics
from frontrow.chassis.arrays import array
from frontrow.chassis.ids import new_id_text
from frontrow.chassis.message import Message
from frontrow.services.notifications import known, rules
from frontrow.services.notifications.models import Notification, Unwanted
from frontrow.services.notifications.telling import COLUMNS, TELL, TELL_OF, TELL_OF_BOOKINGS, Draft, told
from frontrow.services.notifications.words import words

log = structlog.get_logger(__name__)
EVENTS_AT_ONCE, AT_ONCE = 20, 500  # events, and notifications of each, that are told in one run
PATIENCE = timedelta(seconds=2)  # the news of an event are usually on their way


def tell(drafts: list[Draft], now: datetime) -> None:
    """Tell people what they were not told yet: in the app, and by mail if they want that.

    What speaks of an event unknown here waits for it. Who is erased is told nothing any more. Runs in the
    caller's transaction.
    """
    gone = absences.erased({draft.user_id for draft in drafts})
    drafts = [draft for draft in drafts if draft.user_id not in gone]
    columns = {name: array(getattr(draft, name) for draft in drafts) for name in COLUMNS}
    facts = array(json.dumps(draft.facts) for draft in drafts)
    told(TELL, {**columns, "facts": facts}, now)


def tell_of_bookings(heard: Sequence[Message], now: datetime) -> None:
    """Take over what became of bookings, and tell the people who booked, as `tell` does.

    Nothing else is done so often: what they tell goes to the database whole, which takes it apart. Raises
    KeyError, TypeError or ValueError for one that names nobody, or no event.
    """
    people = {UUID(message.data["userId"]) for message in heard}
    for event_id in {message.data["eventId"] for message in heard}:
        UUID(str(event_id))
    rows = [
        {"notification_id": new_id_text(), "date": message.time.isoformat(), "data": message.data}
        for message in heard
    ]
    given = {
        "heard": json.dumps(rows),
        "unsaid": list(rules.UNSAID),
        "event_cancelled": rules.EVENT_CANCELLED,
    }
    told(TELL_OF_BOOKINGS, {**given, "gone": array(absences.erased(people))}, now)


def tell_waiting(now: datetime) -> int:
    """Tell what waited for the news of its event; how many. Asks events if these do not come."""
    heard_of = list(Notification.objects.waited_for(known=True)[:EVENTS_AT_ONCE])
    unheard = Notification.objects.waited_for(known=False)[:EVENTS_AT_ONCE]
    late = [(event_id, since) for event_id, since in unheard if since <= now - PATIENCE]
    count = 0
    for event_id, _ in heard_of + late:
        try:
            count += _tell_of(event_id, now)
        except Exception as fault:
            metrics.FAULTS.labels("notification").inc()
            log.error("notifications_wait", event_id=str(event_id), exc_info=fault)
    return count


def in_language(found: Sequence[Notification], language: str) -> None:
    """Say these in a language, by the facts they rest on; nothing is stored."""
    known.recall(found)
    with translation.override(language):
        for each in found:
            try:
                said = words(each.kind, each.facts)
            except KeyError as missing:  # told by older code, with fewer facts: the words stay as they were
                log.warning("notification_stays_as_told", notification_id=str(each.pk), missing=str(missing))
                continue
            each.subject, each.message = said.subject, said.message


def read(user_id: UUID, notification_ids: Iterable[UUID] | None, now: datetime) -> None:
    """Note that a person has read these of their notifications, or all; twice is fine."""
    unread = Notification.objects.unread_by(user_id)
    if notification_ids is not None:
        unread = unread.filter(pk__in=notification_ids)
    unread.update(read_at=now)


def wanted_by_mail(user_id: UUID) -> dict[str, bool]:
    """For each kind of which they may choose, whether the person wants it by mail."""
    unwanted = set(Unwanted.objects.filter(user_id=user_id).values_list("kind", flat=True))
    return {kind: kind not in unwanted for kind in rules.OPTIONAL}


def want_by_mail(user_id: UUID, wanted: Mapping[Any, bool]) -> dict[str, bool]:
    """Change what a person wants by mail; kinds not named stay as they are. Raises AccountDisabled."""
    refused = [Unwanted(user_id=user_id, kind=kind) for kind, wish in wanted.items() if not wish]
    welcome = [kind for kind, wish in wanted.items() if wish]
    with transaction.atomic(durable=True):
        absences.check(user_id)
        Unwanted.objects.filter(user_id=user_id, kind__in=welcome).delete()
        Unwanted.objects.bulk_create(refused, ignore_conflicts=True)
    return wanted_by_mail(user_id)


def _tell_of(event_id: UUID, now: datetime) -> int:
    known.event_of(event_id, now)
    with transaction.atomic(durable=True):
        return told(TELL_OF, {"event_id": event_id, "most": AT_ONCE}, now)
