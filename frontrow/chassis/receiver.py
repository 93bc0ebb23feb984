"""Hearing from the broker: a message is acknowledged once its effect, or it itself, is in our database."""

import contextlib
import json
import threading
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import structlog
from django.conf import settings
from django.db import Error, close_old_connections
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.message import Message as Received
from kombu.messaging import Consumer

from frontrow.chassis import broker, clock, handover, metrics
from frontrow.chassis.failpoints import point
from frontrow.chassis.message import Message

log = structlog.get_logger(__name__)
HEARTBEAT = 30  # seconds; a broker that is silent for longer than two of them is gone
LOOK = 0.5  # seconds between two looks at whether to stop
FIRST_WAIT, LONGEST_WAIT = 0.25, 5.0  # seconds, while the database is away
AT_ONCE = 3  # bundles that are applied together
A_MOMENT = 0.001  # seconds in which what has come is read


class Receiver:
    """Takes the messages of one service from its queue, and what the broker gave up. For one thread."""

    def __init__(self, service: str, stop: threading.Event):
        self.service, self.stop = service, stop
        self.come: list[tuple[Received, list[Message]]] = []  # and not applied yet

    def run(self) -> bool:
        """Receive until told to stop, and finish what is in hand; true. Raises one of broker.FAULTS."""
        self.come = []  # what came by another connection comes again
        with broker.connect(HEARTBEAT) as connection:
            live = self._consumer(connection, broker.queue_of(self.service), self._came)
            dead = self._consumer(connection, broker.dead_letters_of(self.service), self._park)
            with live, dead:
                log.info("listening", listener=self.service)
                while not self.stop.is_set():
                    metrics.still_here()
                    self._gather(connection)
                    self._insist(connection, self._hear)
                    connection.heartbeat_check()
        return True

    def _consumer(self, connection: Connection, queue: Queue, take: Callable[[Received], None]) -> Consumer:
        """A channel of its own for each queue, so that neither takes the other's share."""

        def receive(received: Received, *_: object) -> None:
            self._insist(connection, partial(take, received))

        return Consumer(
            connection.channel(), [queue], auto_declare=False,
            on_message=receive, on_decode_error=receive,  # the latter: compressed otherwise than it says
            prefetch_count=settings.ENVIRONMENT.prefetch,
        )  # fmt: skip

    def _gather(self, connection: Connection) -> None:
        """Wait for something to come, and take with it what has come meanwhile."""
        wait = LOOK
        with contextlib.suppress(TimeoutError):
            while len(self.come) < AT_ONCE:
                connection.drain_events(timeout=wait)
                wait = A_MOMENT

    def _insist(self, connection: Connection, take: Callable[[], None]) -> None:
        """Do it as soon as the database is there: given back, a message would count as delivered in vain."""
        wait = FIRST_WAIT
        while not self.stop.is_set():
            metrics.still_here()
            close_old_connections()
            try:
                return take()
            except Error as fault:
                metrics.FAULTS.labels("listener").inc()
                log.error("message_waits", why="the database does not take it", exc_info=fault)
            self.stop.wait(wait)
            wait = min(LONGEST_WAIT, wait * 2)
            # Said, not checked: what the broker sends, its own heartbeats too, is read afterwards.
            connection.connection.send_heartbeat()
        return None

    def _came(self, received: Received) -> None:
        try:
            self.come.append((received, broker.opened(received.body)))
        except broker.NOT_OURS as fault:
            log.error("message_refused", listener=self.service, exc_info=fault)
            received.reject()

    def _hear(self) -> None:
        """Apply what has come, all of a type together."""
        while self.come and not self.stop.is_set():
            kind = self.come[0][1][0].type
            alike = [each for each in self.come if each[1][0].type == kind]
            self._apply([message for _, messages in alike for message in messages])
            point("listener.applied")
            for received, _ in alike:
                received.ack()
            self.come = [each for each in self.come if each[1][0].type != kind]

    def _apply(self, messages: list[Message]) -> None:
        """Have them heard, or kept until they can be; what cannot even be kept is parked as text."""
        try:
            handover.receive(self.service, messages, clock.now())
        except broker.NOT_OURS as fault:
            if len(messages) > 1:
                for message in messages:
                    self._apply([message])
            else:
                why = _clean(f"{type(fault).__name__}: {fault}")
                self._park_text(messages[0].id, json.dumps(messages[0].envelope()), why)

    def _park(self, received: Received) -> None:
        reason = received.headers.get("x-first-death-reason", "found among its dead letters")
        now, why = clock.now(), _clean(f"The broker gave it up: {reason}")
        text = _text(received.body)
        try:
            for message_id, envelope in _read(text):
                handover.park(self.service, message_id, envelope, why, now)
        except broker.NOT_OURS:  # it is no message of ours, or PostgreSQL cannot keep it as JSON
            self._park_text(uuid5(NAMESPACE_OID, _clean(text)), text, why)
        received.ack()

    def _park_text(self, message_id: UUID, text: str, why: str) -> None:
        unreadable = {"type": "unreadable", "body": _clean(text)}
        handover.park(self.service, message_id, unreadable, why, clock.now())


def _text(body: Any) -> str:
    """A body as text; it is decoded already if its properties said how."""
    return body if isinstance(body, str) else bytes(body).decode(errors="replace")


def _read(text: str) -> list[tuple[UUID, dict[str, Any]]]:
    """The ids and envelopes of a body. Raises one of broker.NOT_OURS."""
    found = []
    for envelope in broker.envelopes(text):
        if not isinstance(envelope["type"], str):
            raise TypeError("a message whose type is no word")
        found.append((UUID(str(envelope["id"])), envelope))
    return found


def _clean(text: str) -> str:
    """What PostgreSQL can keep of it."""
    return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
