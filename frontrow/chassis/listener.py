"""Hearing messages: each listener's effect and its mark commit together, so twice is as good as once."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

import structlog
from django.db import connection, transaction
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from frontrow.chassis import metrics
from frontrow.chassis.message import Message
from frontrow.chassis.models import Heard

Handler = Callable[[Message], None]
log = structlog.get_logger(__name__)
_handlers: dict[tuple[str, str], Handler] = {}


def hears(*types: str) -> Callable[[Handler], Handler]:
    """Make a function of a service's handlers.py hear these types. It runs in the listener's transaction."""

    def register(handler: Handler) -> Handler:
        for kind in types:
            place = (_service_of(handler), kind)
            if place in _handlers:
                raise ValueError(f"{place[0]} hears {kind} twice")
            _handlers[place] = handler
        return handler

    return register


def listeners_of(kind: str) -> Iterable[str]:
    """The services of this process that hear a type."""
    return [listener for listener, heard in _handlers if heard == kind]


def listeners() -> set[str]:
    """The services of this process that hear anything."""
    return {listener for listener, _ in _handlers}


def hear(listener: str, message: Message) -> None:
    """Apply a message once, within the caller's transaction; a message heard before changes nothing."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A message's effect and its mark share a transaction.")
    if not _mark(listener, message):
        return
    with bound_contextvars(request_id=message.request_id, message=message.type):
        _handlers[listener, message.type](message)
    transaction.on_commit(partial(_tell, listener, message))


def _tell(listener: str, message: Message) -> None:
    """Count it, and leave a line by which a request is followed into who heard of it."""
    metrics.MESSAGES_HEARD.labels(listener, message.type).inc()
    log.info("heard", listener=listener, type=message.type, message_id=str(message.id),
             request_id=message.request_id)  # fmt: skip


def _mark(listener: str, message: Message) -> bool:
    """Whether this is the first time; a mark made at the same moment elsewhere is waited for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chassis_heard (listener, message_id, heard_at) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [listener, message.id, timezone.now()],
        )
        return cursor.rowcount == 1


def forget_before(moment: datetime) -> int:
    """Drop marks older than any message still on its way; how many."""
    return Heard.objects.filter(heard_at__lt=moment).delete()[0]


def _service_of(handler: Handler) -> str:
    return handler.__module__.rsplit(".", 2)[-2]
