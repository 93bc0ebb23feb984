"""RabbitMQ, the transport between processes: what is declared there, and how messages are published.

One durable topic exchange; for each service a quorum queue, bound to what it hears, and one for what the
broker gave up. Whoever publishes declares all of it first (frontrow/listeners.py), so that no message is lost
because a listener has not started yet.
"""

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

from amqp import Message as Frame
from amqp.exceptions import AMQPError
from django.conf import settings
from django.db import DataError
from kombu.connection import Connection
from kombu.entity import Exchange, Queue, binding

from frontrow.chassis import trace
from frontrow.chassis.message import Message

EXCHANGE = Exchange("frontrow", type="topic", durable=True)
DELIVERIES = 20  # after so many without an acknowledgement the broker gives a message up
NEVER = 1_000_000_000  # RabbitMQ 4 would drop what it delivered 20 times from a queue without dead letters
BUNDLE = 200  # messages that travel together at most: a broker's work is by the piece
NOT_OURS = (KeyError, TypeError, ValueError, RecursionError, DataError)  # what no second try will mend
PATIENCE = 10  # seconds for the broker to answer
FAULTS = (AMQPError, OSError)  # of the broker, or of the way to it; timeouts are among these


class NotConfirmed(OSError):
    """The broker did not take over every message of a batch; all of it is to be published again."""


def queue_of(service: str) -> Queue:
    """The queue of a service, bound to what it hears."""
    arguments = {
        "x-queue-type": "quorum", "x-delivery-limit": DELIVERIES, "x-overflow": "reject-publish",
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": f"frontrow.{service}.dead",
        "x-dead-letter-strategy": "at-least-once",
    }  # fmt: skip
    bound = [binding(EXCHANGE, routing_key=kind) for kind in settings.LISTENERS[service]]
    return Queue(f"frontrow.{service}", bindings=bound, durable=True, queue_arguments=arguments)


def dead_letters_of(service: str) -> Queue:
    """The queue of what the broker gave up delivering to a service."""
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": NEVER}
    return Queue(f"frontrow.{service}.dead", durable=True, queue_arguments=arguments)


def connect(heartbeat: int = 0) -> Connection:
    """A new connection, with everything declared. Raises one of FAULTS."""
    connection = Connection(
        settings.ENVIRONMENT.broker_url, heartbeat=heartbeat, connect_timeout=PATIENCE,
        transport_options={"read_timeout": PATIENCE, "write_timeout": PATIENCE},
    )  # fmt: skip
    try:
        with connection.channel() as channel:
            for service, kinds in settings.LISTENERS.items():
                if kinds:
                    dead_letters_of(service).declare(channel=channel)
                    queue_of(service).declare(channel=channel)
    except BaseException:
        connection.release()
        raise
    return connection


class Publisher:
    """Publishes batches and waits until the broker has taken over each message. For one thread."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.channel: Any = None
        self.published = 0  # on this channel: the tag of the last
        self.unconfirmed: set[int] = set()

    def publish(self, messages: list[Message]) -> None:
        """Return once the broker has taken over all of them; they are sent without waiting in between.

        Raises one of FAULTS; then all are to be published again.
        """
        try:
            connection = self.connection or self._open()
            for some in bundles(messages):
                self._send(some)
            self._await_confirms(connection)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let the connection go; the next batch makes a new one."""
        connection, self.connection, self.channel = self.connection, None, None
        if connection is not None:
            connection.release()

    def _open(self) -> Connection:
        self.connection = connection = connect()
        self.channel = connection.channel()
        self.channel.confirm_select()
        self.channel.events["basic_ack"].add(self._confirm)
        self.channel.events["basic_nack"].add(self._refuse)
        self.published, self.unconfirmed = 0, set()
        return connection

    def _send(self, some: list[Message]) -> None:
        """Send a bundle. If it has listeners but finds no queue, the broker sends it back as an AMQPError."""
        kind = some[0].type
        heard = any(kind in kinds for kinds in settings.LISTENERS.values())
        self.published += 1
        self.unconfirmed.add(self.published)
        self.channel.basic_publish(_frame(some), EXCHANGE.name, kind, mandatory=heard, timeout=PATIENCE)

    def _await_confirms(self, connection: Connection) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.unconfirmed:
            if time.monotonic() > deadline:
                raise NotConfirmed(f"{len(self.unconfirmed)} messages not confirmed in {PATIENCE} seconds")
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=1)

    def _confirm(self, tag: int, multiple: bool) -> None:
        self.unconfirmed = {each for each in self.unconfirmed if each > tag or (each < tag and not multiple)}

    def _refuse(self, tag: int, multiple: bool) -> None:
        raise NotConfirmed("the broker refused messages: a queue is full, or cannot be written")


def bundles(messages: list[Message]) -> Iterator[list[Message]]:
    """What travels together: some messages of one type, in order."""
    kinds: dict[str, list[Message]] = {}
    for message in messages:
        kinds.setdefault(message.type, []).append(message)
    for some in kinds.values():
        yield from (some[n : n + BUNDLE] for n in range(0, len(some), BUNDLE))


def envelopes(body: str | bytes) -> list[Any]:
    """What a body holds: an envelope, or a list of them. Raises ValueError if it is no JSON."""
    told = json.loads(body)
    return told if isinstance(told, list) and told else [told]


def opened(body: str | bytes) -> list[Message]:
    """The messages of a body, all of one type. Raises one of NOT_OURS."""
    messages = [Message.opened(each) for each in envelopes(body)]
    if len({message.type for message in messages}) > 1:
        raise ValueError("messages of several types in one bundle")
    return messages


def _frame(some: list[Message]) -> Frame:
    """An envelope by itself, or a list of them; the properties are those of the first."""
    first, told = some[0], ",".join(message.text() for message in some)
    return Frame(
        f"[{told}]" if len(some) > 1 else told, content_type="application/json",
        delivery_mode=2, app_id="frontrow", message_id=str(first.id), type=first.type,
        timestamp=int(first.time.timestamp()), correlation_id=first.request_id,
        application_headers={trace.HEADER: trace.traceparent(first.request_id, first.id)},
    )  # fmt: skip
