"""What waits after a failure, or is parked, tells of nobody who is erased meanwhile."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import transaction

from frontrow.chassis.absences import mark_of
from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Absence, Delivery

ERASED = "user.erased.v1"  # tells who is; it waits until it is heard
ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
AT_ONCE = 500


def clear() -> int:
    """Put ids that lead nowhere into messages that name the erased, and drop those about them; how many.

    What a listener is trying at this moment is looked at the next time.
    """
    return sum(_cleared(page) for page in _pages())


def _pages() -> Iterator[list[Delivery]]:
    failed = Delivery.objects.filter(attempts__gt=0).exclude(message__type=ERASED).order_by("pk")
    page = list(failed[:AT_ONCE])
    while page:
        yield page
        page = list(failed.filter(pk__gt=page[-1].pk)[:AT_ONCE])


def _cleared(page: list[Delivery]) -> int:
    named = {each.pk: set(ID.findall(json.dumps(each.message) + each.error)) for each in page}
    marks = {mark_of(UUID(name)): name for names in named.values() for name in names}
    found = Absence.objects.filter(pk__in=marks, is_erased=True).values_list("pk", flat=True)
    erased = {marks[mark] for mark in found}
    return sum(_without(pk, names & erased) for pk, names in named.items() if names & erased)


def _without(pk: int, people: set[str]) -> bool:
    with transaction.atomic(durable=True):
        waiting = Delivery.objects.filter(pk=pk).select_for_update(skip_locked=True).first()
        if waiting is None:
            return False
        if waiting.message["key"] in people:
            waiting.delete()
        else:
            nobody = {person: str(new_id()) for person in people}
            waiting.message = json.loads(_replaced(json.dumps(waiting.message), nobody))
            waiting.error = _replaced(waiting.error, nobody)
            waiting.save(update_fields=["message", "error"])
    return True


def _replaced(text: str, others: dict[str, Any]) -> str:
    return ID.sub(lambda found: others.get(found[0], found[0]), text)
