"""The story of a cover: put on an event, taken off, shown."""

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import transaction

from frontrow.chassis.refusals import NotFound
from frontrow.services.events import event, image, recent
from frontrow.services.events.event import EventCancelled
from frontrow.services.events.models import CANCELLED, Cover, Event

SIZES = ("large", "small")


def may_change(event_id: UUID, organizer: UUID) -> None:
    """Raise NotFound or EventCancelled unless the event is theirs to change."""
    _changeable(event_id, organizer, lock=False)


def put(event_id: UUID, organizer: UUID, upload: bytes, now: datetime) -> Event:
    """Give an organiser's own event this cover. Raises NotFound, EventCancelled, InvalidImage, ImageTooLarge.

    Nobody is told: no other service shows covers.
    """
    large, small = image.rendered(upload)
    digest = hashlib.sha256(event_id.bytes + large).hexdigest()[:32]
    with transaction.atomic(durable=True):
        changed = _changeable(event_id, organizer, lock=True)
        facts = {"digest": digest, "large": large, "small": small}
        Cover.objects.update_or_create(event_id=event_id, defaults=facts)
        _show(changed, digest, now)
    return event.find(event_id, organizer)


def remove(event_id: UUID, organizer: UUID, now: datetime) -> Event:
    """Take the cover off an organiser's own event; if it has none, that is fine. Raises as `put` does."""
    with transaction.atomic(durable=True):
        changed = _changeable(event_id, organizer, lock=True)
        if Cover.objects.filter(event_id=event_id).delete()[0]:
            _show(changed, "", now)
    return event.find(event_id, organizer)


def read(event_id: UUID, digest: str, size: str) -> bytes:
    """A cover in one of SIZES, as JPEG. Raises NotFound, also for one that was replaced.

    Whoever knows the address may see it, a draft's too: an image in a page is asked for without a token, and
    the digest of what only its organiser has seen is as good as one.
    """
    if size not in SIZES:
        raise NotFound
    found = Cover.objects.filter(event_id=event_id).values_list("digest", size).first()
    if found is None or found[0] != digest:
        raise NotFound
    return bytes(found[1])


def _changeable(event_id: UUID, organizer: UUID, lock: bool) -> Event:
    found = event.own(event_id, organizer, lock)
    if found.status == CANCELLED:
        raise EventCancelled
    return found


def _show(changed: Event, digest: str, now: datetime) -> None:
    changed.cover_digest, changed.updated_at = digest, now
    changed.save(update_fields=["cover_digest", "updated_at"])
    recent.forget(changed.event_id)
