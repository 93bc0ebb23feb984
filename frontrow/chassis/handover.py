"""Messages wait in a table and are handed to each listener until it has applied them.

In one process this is the transport; behind a broker, where what a listener could not apply at once waits.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count

from frontrow.chassis import clock, listener, metrics
from frontrow.chassis.environment import SERVICES
from frontrow.chassis.message import Message
from frontrow.chassis.models import Delivery

log = structlog.get_logger(__name__)
IN_PROCESS = "in-process"
AT_ONCE = 100  # deliveries of one transaction
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=0.5), timedelta(minutes=5)


def reaches_all() -> bool:
    """Whether every service is in this process, so that handing over here reaches all who hear."""
    return set(settings.SERVICES) == set(SERVICES)


def publish(messages: list[Message]) -> None:
    """Put a delivery down for each listener of each message, in the relay's transaction."""
    now = clock.now()
    deliveries = [
        Delivery(listener=name, message_id=message.id, message=envelope, next_at=now)
        for message, envelope in [(message, message.envelope()) for message in messages]
        for name in listener.listeners_of(message.type)
    ]
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)


def receive(name: str, messages: Sequence[Message], now: datetime) -> None:
    """Apply messages of one type that a broker brought; those that fail are kept here to be tried again.

    Once this returns, the broker may forget them. Raises what the database raises when it cannot keep one.
    """
    for some in _shares(name, messages):
        try:
            with transaction.atomic(durable=True):
                listener.hear(name, *some)
        except Exception as fault:  # noqa: BLE001, kept beside the message
            if len(some) > 1:
                for message in some:
                    receive(name, [message], now)
            else:
                _keep(name, some[0], fault, now)


def _shares(name: str, messages: Sequence[Message]) -> list[Sequence[Message]]:
    """What is applied in one transaction."""
    return [messages] if listener.takes_many(name, messages[0].type) else [[each] for each in messages]


def _keep(name: str, message: Message, fault: Exception, now: datetime) -> None:
    if not Delivery.objects.filter(listener=name, message_id=message.id).exists():
        waiting = Delivery(listener=name, message_id=message.id, message=message.envelope())
        _postpone(waiting, fault, now)


def park(name: str, message_id: UUID, envelope: dict[str, Any], reason: str, now: datetime) -> None:
    """Keep a message that a broker gave up, until somebody replays it."""
    facts = {"message": envelope, "error": reason[:2000], "next_at": now, "parked_at": now}
    Delivery.objects.update_or_create(listener=name, message_id=message_id, defaults=facts)
    log.error("message_parked", listener=name, type=envelope["type"], message_id=str(message_id), why=reason)


def deliver(now: datetime) -> int:
    """Hand over what is due: one delivery, or several alike that can be applied together; how many.

    A failure is counted, and tried again later or, after MESSAGE_ATTEMPTS, parked. Several may run at once.
    """
    with transaction.atomic(durable=True):
        due = Delivery.objects.filter(parked_at=None, next_at__lte=now).order_by("next_at", "id")
        free = due.select_for_update(skip_locked=True)
        first = free.first()
        if first is None:
            return 0
        kind = first.message["type"]
        if first.attempts == 0 and listener.takes_many(first.listener, kind):
            alike = list(free.filter(listener=first.listener, attempts=0, message__type=kind)[:AT_ONCE])
            if len(alike) > 1 and _applied(alike) is None:
                return len(alike)
        if fault := _applied([first]):
            _postpone(first, fault, now)
    return 1


def _applied(deliveries: list[Delivery]) -> Exception | None:
    """Have a listener hear these, which are gone then; or the fault, after which nothing has happened."""
    try:
        with transaction.atomic():
            messages = [Message.opened(each.message) for each in deliveries]
            listener.hear(deliveries[0].listener, *messages)
            Delivery.objects.filter(pk__in=[each.pk for each in deliveries]).delete()
    except Exception as fault:
        if connection.closed_in_transaction:
            raise
        return fault
    return None


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: doubling from half a second to five minutes."""
    return min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)


def _postpone(delivery: Delivery, fault: Exception, now: datetime) -> None:
    delivery.attempts += 1
    delivery.error = f"{type(fault).__name__}: {fault}"[:2000]
    parked = delivery.attempts >= settings.ENVIRONMENT.message_attempts
    delivery.parked_at = now if parked else None
    delivery.next_at = now + wait_after(delivery.attempts)
    delivery.save()
    kind = delivery.message["type"]
    metrics.MESSAGE_FAILURES.labels(delivery.listener, kind).inc()
    log.error("message_parked" if parked else "message_failed", listener=delivery.listener, type=kind,
              message_id=str(delivery.message_id), attempts=delivery.attempts, exc_info=fault)  # fmt: skip


def measure() -> None:
    """Set the gauge of parked messages."""
    parked = Delivery.objects.exclude(parked_at=None).values_list("listener")
    told = {sample.labels["listener"] for of in metrics.MESSAGES_PARKED.collect() for sample in of.samples}
    nothing = dict.fromkeys([*told, *listener.listeners()], 0)
    for name, count in (nothing | dict(parked.annotate(count=Count("id")))).items():
        metrics.MESSAGES_PARKED.labels(name).set(count)
