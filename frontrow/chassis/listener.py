"""Hearing messages: each listener's effect and its mark commit together, so twice is as good as once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from structlog.contextvars import bound_contextvars

from frontrow.chassis import clock, metrics
from frontrow.chassis.arrays import array
from frontrow.chassis.logs import tell_all
from frontrow.chassis.message import Message
from frontrow.chassis.models import Heard

Handler = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Together:
    """A handler that applies many messages of a type at once, for less than each by itself."""

    apply: Callable[[list[Message]], None]

    def __call__(self, message: Message) -> None:
        self.apply([message])


_handlers: dict[tuple[str, str], Handler] = {}


def hears(*types: str) -> Callable[[Handler], Handler]:
    """Make a function of a service's handlers.py hear these types. It runs in the listener's transaction."""

    def register(handler: Handler) -> Handler:
        _register(types, _service_of(handler), handler)
        return handler

    return register


def hears_together(*types: str) -> Callable[[Callable[[list[Message]], None]], Any]:
    """The same for a function that takes several messages of one of these types.

    They share a transaction: it locks rows in sorted order, and only such as nobody locks in another. If it
    raises, each message is handed to it again, alone.
    """

    def register(handler: Callable[[list[Message]], None]) -> Any:
        _register(types, _service_of(handler), Together(handler))
        return handler

    return register


def _register(types: tuple[str, ...], service: str, handler: Handler) -> None:
    for kind in types:
        if (service, kind) in _handlers:
            raise ValueError(f"{service} hears {kind} twice")
        _handlers[service, kind] = handler


def takes_many(listener: str, kind: str) -> bool:
    """Whether a listener applies several messages of a type in one transaction."""
    return isinstance(_handlers.get((listener, kind)), Together)


def listeners_of(kind: str) -> Iterable[str]:
    """The services of this process that hear a type."""
    return [listener for listener, heard in _handlers if heard == kind]


def listeners() -> set[str]:
    """The services of this process that hear anything."""
    return {listener for listener, _ in _handlers}


def hear(listener: str, *messages: Message) -> None:
    """Apply messages of one type within the caller's transaction; those heard before change nothing."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A message's effect and its mark share a transaction.")
    marked = _mark(listener, messages)
    fresh = [message for message in messages if message.id in marked]
    if not fresh:
        return
    handler = _handlers[listener, fresh[0].type]
    if isinstance(handler, Together) and len(fresh) > 1:
        handler.apply(fresh)
    else:
        for message in fresh:
            with bound_contextvars(request_id=message.request_id, message=message.type):
                handler(message)
    transaction.on_commit(partial(_tell, listener, fresh))


def _tell(listener: str, messages: list[Message]) -> None:
    """Count them, and leave a line for each by which a request is followed into who heard of it."""
    metrics.MESSAGES_HEARD.labels(listener, messages[0].type).inc(len(messages))
    tell_all(__name__, "heard", [
        {"listener": listener, "type": message.type, "message_id": str(message.id),
         "request_id": message.request_id}
        for message in messages
    ])  # fmt: skip


def _mark(listener: str, messages: Iterable[Message]) -> set[UUID]:
    """Those that come for the first time; a mark made at the same moment elsewhere is waited for."""
    ids = sorted({message.id for message in messages})
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chassis_heard (listener, message_id, heard_at)"
            " SELECT %s, id, %s FROM unnest(%s::uuid[]) AS id ON CONFLICT DO NOTHING RETURNING message_id",
            [listener, clock.now(), array(ids)],
        )
        return {message_id for (message_id,) in cursor.fetchall()}


def forget_before(moment: datetime) -> int:
    """Drop marks older than any message still on its way; how many."""
    return Heard.objects.filter(heard_at__lt=moment).delete()[0]


def _service_of(handler: Callable[..., None]) -> str:
    return handler.__module__.rsplit(".", 2)[-2]
