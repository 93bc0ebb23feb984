"""The story of a notification: told once, read, wanted by mail or not."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import translation

from frontrow.chassis import metrics
from frontrow.services.notifications import known, rules
from frontrow.services.notifications.models import Delivery, Event, Notification, Unwanted
from frontrow.services.notifications.words import words

log = structlog.get_logger(__name__)
EVENTS_AT_ONCE, AT_ONCE = 20, 500  # events and notifications that get their words in one run
PATIENCE = timedelta(seconds=2)  # the news of an event are usually on their way


def tell(drafts: list[Notification], now: datetime) -> None:
    """Tell people what they were not told yet: in the app, and by mail if they want that.

    What speaks of an event unknown here waits for it. Runs in the caller's transaction.
    """
    events = Event.objects.in_bulk({draft.event_id for draft in drafts if draft.event_id})
    for draft in drafts:
        if draft.event_id is None or draft.event_id in events:
            _word(draft, events.get(draft.event_id))
    Notification.objects.bulk_create(drafts, ignore_conflicts=True)
    fresh = Notification.objects.filter(pk__in=[draft.pk for draft in drafts], told=True)
    _mail(fresh.only("user_id", "kind"), now)


def tell_waiting(now: datetime) -> int:
    """Give words to what waited for the news of its event; how many. Asks events if these do not come."""
    heard_of = list(Notification.objects.waited_for(known=True)[:EVENTS_AT_ONCE])
    unheard = Notification.objects.waited_for(known=False)[:EVENTS_AT_ONCE]
    late = [(event_id, since) for event_id, since in unheard if since <= now - PATIENCE]
    told = 0
    for event_id, _ in heard_of + late:
        try:
            told += _tell_of(event_id, now)
        except Exception as fault:
            metrics.FAULTS.labels("notification").inc()
            log.error("notifications_wait", event_id=str(event_id), exc_info=fault)
    return told


def in_language(told: Iterable[Notification], language: str) -> None:
    """Say these in a language, by the facts they rest on; nothing is stored."""
    with translation.override(language):
        for each in told:
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
    """For each kind, whether the person wants it by mail."""
    unwanted = set(Unwanted.objects.filter(user_id=user_id).values_list("kind", flat=True))
    return {kind: kind not in unwanted for kind in rules.KINDS}


def want_by_mail(user_id: UUID, wanted: Mapping[Any, bool]) -> dict[str, bool]:
    """Change what a person wants by mail; kinds not named stay as they are."""
    refused = [Unwanted(user_id=user_id, kind=kind) for kind, wish in wanted.items() if not wish]
    welcome = [kind for kind, wish in wanted.items() if wish]
    with transaction.atomic(durable=True):
        Unwanted.objects.filter(user_id=user_id, kind__in=welcome).delete()
        Unwanted.objects.bulk_create(refused, ignore_conflicts=True)
    return wanted_by_mail(user_id)


def _tell_of(event_id: UUID, now: datetime) -> int:
    event = known.event_of(event_id, now)
    with transaction.atomic(durable=True):
        waiting = Notification.objects.untold().filter(event_id=event_id).order_by("date")
        some = list(waiting.select_for_update(skip_locked=True)[:AT_ONCE])
        for each in some:
            _word(each, event)
        Notification.objects.bulk_update(some, ["facts", "told", "subject", "message"])
        _mail(some, now)
    return len(some)


def _word(notification: Notification, event: Event | None) -> None:
    """Fix the words, and the event as it is now; null if there is none.

    In our own language, whoever's is active: these words are for who asks in none.
    """
    notification.facts = {**notification.facts, "event": event.snapshot if event else None}
    with translation.override(settings.LANGUAGE_CODE):
        said = words(notification.kind, notification.facts)
        notification.subject, notification.message, notification.told = said.subject, said.message, True


def _mail(fresh: Iterable[Notification], now: datetime) -> None:
    told = list(fresh)
    people = [each.user_id for each in told]
    unwanted = set(Unwanted.objects.filter(user_id__in=people).values_list("user_id", "kind"))
    Delivery.objects.bulk_create(
        Delivery(
            notification=each,
            next_at=rules.mail_at(each.kind, now),
            created_at=now,
            bulk=each.kind in rules.BULK,
        )
        for each in told
        if (each.user_id, each.kind) not in unwanted
    )
