"""Saying messages: written with what they tell, relayed afterwards, at least once."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from frontrow.chassis import clock, handover, metrics
from frontrow.chassis.arrays import array
from frontrow.chassis.failpoints import point
from frontrow.chassis.ids import new_id
from frontrow.chassis.message import Message
from frontrow.chassis.middleware import request_id

BATCH = 200
JSON = json.JSONEncoder(allow_nan=False)
TAKE = """
WITH urgent AS MATERIALIZED (
    SELECT id FROM chassis_outbox
    WHERE type NOT IN ('booking.held.v1', 'booking.confirmed.v1', 'booking.expired.v1')
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
), oldest AS MATERIALIZED (
    SELECT id FROM chassis_outbox WHERE %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
)
DELETE FROM chassis_outbox WHERE id = ANY (ARRAY(SELECT id FROM urgent UNION ALL SELECT id FROM oldest))
RETURNING id, type, key, version, created_at::text, request_id, data
"""  # those of models.MAY_WAIT are not urgent
SAY = """
INSERT INTO chassis_outbox (created_at, id, type, key, version, data, request_id)
SELECT %s, * FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::bigint[], %s::jsonb[], %s::text[])
"""
OLDEST = "SELECT created_at FROM chassis_outbox ORDER BY id LIMIT 1"
NEWS = threading.Event()  # set when this process has said something


def say(kind: str, key: UUID, version: int, data: dict[str, Any]) -> None:
    """Write a message beside what it tells: in the same transaction, which must be open."""
    say_all([(kind, key, version, data)])


def say_all(facts: list[tuple[str, UUID, int, dict[str, Any]]], request_ids: Sequence[str] = ()) -> None:
    """Write several messages at once; see `say`. `request_ids` tells the request of each, if not of all."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A message is said in the transaction of what it tells.")
    now, requests = clock.now(), request_ids or [request_id() or ""] * len(facts)
    kinds, keys, versions, data = zip(*facts, strict=True) if facts else ((), (), (), ())
    with connection.cursor() as cursor:
        cursor.execute(
            SAY,
            [now, array(new_id() for _ in facts), array(kinds), array(keys), array(versions),
             array(map(JSON.encode, data)), array(requests)],
        )  # fmt: skip
    transaction.on_commit(NEWS.set)


def relay(
    publish: Callable[[list[Message]], None] | None = None, is_full: Callable[[], bool] = lambda: False
) -> int:
    """Hand the oldest messages to the transport, else to the one in this process; how many.

    While the processors are full, what only tells people waits, for NEWS_WAIT_SECONDS at most. Several
    relays may run at once. What the transport raises is raised; then the messages stay.
    """
    oldest = _oldest()
    if oldest is None:
        return 0
    longest = timedelta(seconds=settings.ENVIRONMENT.news_wait_seconds)
    with transaction.atomic(durable=True):
        messages = _taken(everything=clock.now() - oldest >= longest or not is_full())
        if messages:
            (publish or handover.publish)(messages)
            point("relay.confirmed")
            transaction.on_commit(partial(_count, messages))
    return len(messages)


def _oldest() -> datetime | None:
    """When it was said: a look that costs a third of a transaction, every quarter of a second, for ever."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST)
        row = cursor.fetchone()
    return row[0] if row else None


def _taken(*, everything: bool) -> list[Message]:
    """The oldest, else of what may not wait, in order; they are gone once this commits."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [BATCH, everything, BATCH])
        rows = cursor.fetchall()
    return [
        Message(message_id, kind, key, version, datetime.fromisoformat(time), request_id, facts)
        for message_id, kind, key, version, time, request_id, facts in sorted(rows)
    ]


def _count(messages: list[Message]) -> None:
    for kind, count in Counter(message.type for message in messages).items():
        metrics.MESSAGES_SAID.labels(kind).inc(count)
