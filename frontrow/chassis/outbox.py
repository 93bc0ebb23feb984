"""Saying messages: written with what they tell, relayed afterwards, at least once."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from frontrow.chassis import handover, metrics
from frontrow.chassis.ids import new_id
from frontrow.chassis.message import Message
from frontrow.chassis.middleware import request_id
from frontrow.chassis.models import Outbox

BATCH = 200
NEWS = threading.Event()  # set when this process has said something


def say(kind: str, key: UUID, version: int, data: dict[str, Any]) -> None:
    """Write a message beside what it tells: in the same transaction, which must be open."""
    say_all([(kind, key, version, data)])


def say_all(facts: list[tuple[str, UUID, int, dict[str, Any]]]) -> None:
    """Write several messages at once; see `say`."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A message is said in the transaction of what it tells.")
    now = timezone.now()
    Outbox.objects.bulk_create(
        Outbox(id=new_id(), type=kind, key=key, version=version, data=data,
               request_id=request_id() or "", created_at=now)
        for kind, key, version, data in facts
    )  # fmt: skip
    transaction.on_commit(NEWS.set)


def relay(publish: Callable[[list[Message]], None] | None = None) -> int:
    """Hand the oldest messages to the transport, else to the one in this process; how many.

    Several relays may run at once. What the transport raises is raised; then the messages stay.
    """
    with transaction.atomic(durable=True):
        rows = list(Outbox.objects.select_for_update(skip_locked=True).order_by("id")[:BATCH])
        messages = [_message(row) for row in rows]
        (publish or handover.publish)(messages)
        Outbox.objects.filter(id__in=[row.id for row in rows]).delete()
        transaction.on_commit(partial(_count, messages))
    return len(rows)


def _message(row: Outbox) -> Message:
    return Message(row.id, row.type, row.key, row.version, row.created_at, row.request_id, row.data)


def _count(messages: list[Message]) -> None:
    for message in messages:
        metrics.MESSAGES_SAID.labels(message.type).inc()
