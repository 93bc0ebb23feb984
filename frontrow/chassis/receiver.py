"""Hearing from the broker: a message is acknowledged once its effect, or it itself, is in our database."""

import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import structlog
from django.conf import settings
from django.db import DataError, Error, close_old_connections
from django.utils import timezone
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.message import Message as Received
from kombu.messaging import Consumer

from frontrow.chassis import broker, handover, metrics

log = structlog.get_logger(__name__)
HEARTBEAT = 30  # seconds; a broker that is silent for longer than two of them is gone
LOOK = 0.5  # seconds between two looks at whether to stop
FIRST_WAIT, LONGEST_WAIT = 0.25, 5.0  # seconds, while the database is away
NOT_OURS = (KeyError, TypeError, ValueError, RecursionError, DataError)  # what no second try will mend


class Receiver:
    """Takes the messages of one service from its queue, and what the broker gave up. For one thread."""

    def __init__(self, service: str, stop: threading.Event):
        self.service, self.stop = service, stop

    def run(self) -> bool:
        """Receive until told to stop, and finish what is in hand; true. Raises one of broker.FAULTS."""
        with broker.connect(HEARTBEAT) as connection:
            live = self._consumer(connection, broker.queue_of(self.service), self._hear)
            dead = self._consumer(connection, broker.dead_letters_of(self.service), self._park)
            with live, dead:
                log.info("listening", listener=self.service)
                while not self.stop.is_set():
                    metrics.still_here()
                    with contextlib.suppress(TimeoutError):
                        connection.drain_events(timeout=LOOK)
                    connection.heartbeat_check()
        return True

    def _consumer(self, connection: Connection, queue: Queue, take: Callable[[Received], None]) -> Consumer:
        """A channel of its own for each queue, so that neither takes the other's share."""

        def receive(received: Received, *_: object) -> None:
            self._insist(connection, take, received)

        return Consumer(
            connection.channel(), [queue], auto_declare=False,
            on_message=receive, on_decode_error=receive,  # the latter: compressed otherwise than it says
            prefetch_count=settings.ENVIRONMENT.prefetch,
        )  # fmt: skip

    def _insist(self, connection: Connection, take: Callable[[Received], None], received: Received) -> None:
        """Take it as soon as the database is there: given back, it would count as delivered in vain."""
        wait = FIRST_WAIT
        while not self.stop.is_set():
            metrics.still_here()
            close_old_connections()
            try:
                return take(received)
            except Error as fault:
                metrics.FAULTS.labels("listener").inc()
                log.error("message_waits", why="the database does not take it", exc_info=fault)
            self.stop.wait(wait)
            wait = min(LONGEST_WAIT, wait * 2)
            # Said, not checked: what the broker sends, its own heartbeats too, is read afterwards.
            connection.connection.send_heartbeat()
        return None

    def _hear(self, received: Received) -> None:
        try:
            handover.receive(self.service, json.loads(received.body), timezone.now())
        except NOT_OURS as fault:
            log.error("message_refused", listener=self.service, exc_info=fault)
            received.reject()
        else:
            received.ack()

    def _park(self, received: Received) -> None:
        reason = received.headers.get("x-first-death-reason", "found among its dead letters")
        now, why = timezone.now(), _clean(f"The broker gave it up: {reason}")
        text = _text(received.body)
        try:
            handover.park(self.service, *_read(text), why, now)
        except NOT_OURS:  # it is no message of ours, or PostgreSQL cannot keep it as JSON
            text = _clean(text)
            unreadable = {"type": "unreadable", "body": text}
            handover.park(self.service, uuid5(NAMESPACE_OID, text), unreadable, why, now)
        received.ack()


def _text(body: Any) -> str:
    """A body as text; it is decoded already if its properties said how."""
    return body if isinstance(body, str) else bytes(body).decode(errors="replace")


def _read(text: str) -> tuple[UUID, dict[str, Any]]:
    """A message's id and envelope. Raises one of NOT_OURS."""
    envelope = json.loads(text)
    if not isinstance(envelope["type"], str):
        raise TypeError("a message whose type is no word")
    return UUID(str(envelope["id"])), envelope


def _clean(text: str) -> str:
    """What PostgreSQL can keep of it."""
    return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
