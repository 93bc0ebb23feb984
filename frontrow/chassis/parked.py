"""Parked messages: given up after too many failures, kept until somebody lets them be handed over again."""

from collections.abc import Collection
from datetime import datetime
from functools import reduce
from operator import or_
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from frontrow.chassis.models import Delivery
from frontrow.chassis.refusals import NotFound

log = structlog.get_logger(__name__)


class UnknownParked(NotFound):
    detail = "No message is parked by this name. `make dead-letters` lists those that are."


class Name(NamedTuple):
    """A parked message: the same message may be parked for one listener and heard by another."""

    listener: str
    message_id: UUID

    def __str__(self) -> str:
        return f"{self.listener}/{self.message_id}"

    @classmethod
    def read(cls, text: str) -> "Name":
        """The name that a list showed. Raises UnknownParked."""
        listener, _, message_id = text.partition("/")
        try:
            return cls(listener, UUID(message_id))
        except ValueError:
            raise UnknownParked(f"{text} names no parked message; names look like bookings/<id>.") from None


def listed() -> QuerySet[Delivery]:
    """All that is parked, the longest parked first."""
    return Delivery.objects.exclude(parked_at=None).order_by("parked_at", "id")


def find(name: Name) -> Delivery:
    """One of them. Raises UnknownParked."""
    found = listed().filter(listener=name.listener, message_id=name.message_id).first()
    if found is None:
        raise UnknownParked(f"{name} is not parked. `make dead-letters` lists what is.")
    return found


def replay(names: Collection[Name], now: datetime) -> int:
    """Let these be handed over again, as if they had never failed, or none of them; how many.

    Raises UnknownParked if one is not parked.
    """
    with transaction.atomic(durable=True):
        for name in names:
            find(name)
        chosen = [Q(listener=name.listener, message_id=name.message_id) for name in names]
        return _replay(listed().filter(reduce(or_, chosen)), now) if chosen else 0


def replay_all(now: datetime) -> int:
    """The same for whatever is parked."""
    with transaction.atomic(durable=True):
        return _replay(listed(), now)


def _replay(parked: QuerySet[Delivery], now: datetime) -> int:
    """A guarded update: what somebody else replays at the same moment is not touched again."""
    count = parked.update(parked_at=None, attempts=0, next_at=now)
    log.info("messages_replayed", count=count)
    return count
