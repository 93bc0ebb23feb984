"""The story of a decision: the requests that wait at this moment are decided together, in order of arrival.

One commit then serves them all, which is what makes a hot event fast. There is no timer: the next group
leaves when the last has committed, and while nobody waits that is at once. What says yes and no is
migrations/hold_v4.sql.
"""

import json
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DatabaseError, OperationalError, connection

from frontrow.chassis import groups, outbox
from frontrow.chassis.absences import mark_of
from frontrow.chassis.http import refuse_inside_transaction
from frontrow.chassis.ids import new_id_text
from frontrow.chassis.middleware import request_id
from frontrow.services.bookings import rules

REPLAYED, OVERDUE = "replayed", "overdue"  # outcomes, beside rules.LIVE and the codes of refusals
DECIDE = (
    "SELECT outcome, told FROM bookings_hold_v4(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::uuid[],"
    " %s::uuid[], %s::integer[], %s::jsonb[], %s::text[], %s::text[], %s::timestamptz, %s::integer)"
)

GONE = """
WITH late AS MATERIALIZED (
    SELECT event_id FROM bookings_booking WHERE status = 'held' AND expires_at <= %(at)s
    ORDER BY expires_at LIMIT 1000
)
SELECT ARRAY(
    SELECT asked.event_id
    FROM unnest(%(events)s::uuid[]) AS asked (event_id), LATERAL (
        SELECT FROM bookings_eventstock stock JOIN bookings_event event USING (event_id)
        WHERE event_id = asked.event_id AND taken >= stock.capacity AND jsonb_array_length(ticket_types) = 1
            AND status = 'published' AND (sales_start IS NULL OR %(at)s >= sales_start) AND %(at)s < sales_end
            AND (SELECT count(*) FROM late) < 1000 AND event_id NOT IN (SELECT event_id FROM late)
        LIMIT 1
    ) AS gone
), ARRAY(SELECT mark FROM chassis_absence WHERE mark = ANY (%(marks)s::uuid[]) AND is_out)
"""  # which events plain requests are told to be sold out by bookings_gone_v4, and who is out


class Answer(NamedTuple):
    """The outcome of a request, and for one that is booked what its owner is told, as JSON."""

    outcome: str
    told: str | None

    @property
    def booking(self) -> dict[str, Any]:
        return dict(json.loads(self.told or "{}"))


SOLD_OUT = Answer("sold_out", None)


@dataclass(slots=True)  # one that is frozen takes three times as long to make
class Request:
    """What somebody wants to book: items as (ticket type, quantity), or a quantity of the only type."""

    user_id: UUID
    event_id: UUID
    quantity: int
    items: tuple[tuple[UUID, int], ...] | None = None
    key: str | None = None
    fingerprint: str = ""
    asked_by: str = field(default_factory=lambda: request_id() or "")

    @property
    def is_plain(self) -> bool:
        """Whether it is answered alike for all who are not out, once nothing is left of its event."""
        return self.items is None and self.key is None


def asked(requests: Sequence[Request], now: datetime) -> tuple[Any, ...]:
    """The requests as DECIDE takes them, with fresh ids."""
    return (
        _plain(mark_of(request.user_id).hex for request in requests),
        _plain(new_id_text() for _ in requests), _plain(new_id_text() for _ in requests),
        _plain(request.asked_by or '""' for request in requests),
        _plain(request.user_id.hex for request in requests),
        _plain(request.event_id.hex for request in requests),
        _plain(str(request.quantity) for request in requests),
        _array([_items(request) for request in requests]),
        _array([request.key for request in requests]),
        _array([request.fingerprint for request in requests]),
        now, rules.OPEN_HOLDS,
    )  # fmt: skip


def looked_for(requests: Sequence[Request], now: datetime) -> dict[str, Any]:
    """What plain requests want, and whose they are, as GONE takes them."""
    events, marks = {request.event_id for request in requests}, [mark_of(each.user_id) for each in requests]
    return {
        "at": now,
        "events": _plain(each.hex for each in events),
        "marks": _plain(each.hex for each in marks),
    }


def _plain(values: Iterable[str]) -> str:
    """PostgreSQL's form of an array of words that need no quotes."""
    return f"{{{','.join(values)}}}"


def _array(values: Sequence[str | None]) -> str:
    """The same of any ASCII: it escapes what JSON does."""
    return f"{{{json.dumps(values)[1:-1]}}}"


def _items(request: Request) -> str | None:
    if request.items is None:
        return None
    return json.dumps([{"ticketTypeId": kind.hex, "quantity": n} for kind, n in request.items])


def decide(requests: Sequence[Request], now: datetime) -> list[Answer]:
    """The answer to each request, decided together in one transaction.

    The statement is a transaction of its own: the lock that others wait for is never held across
    a round trip. Raises TransactionManagementError within another one.
    """
    refuse_inside_transaction("booking")
    with connection.cursor() as cursor:
        cursor.execute(DECIDE, asked(requests, now))
        return told([Answer(*row) for row in cursor.fetchall()])


def told(answers: list[Answer]) -> list[Answer]:
    """The same answers, once the relay knows that there is something to tell."""
    if any(answer.outcome in rules.LIVE for answer in answers):
        outbox.NEWS.set()
    return answers


def decide_each(requests: Sequence[Request], now: datetime) -> list[Answer | DatabaseError]:
    """The same, each in a transaction of its own, so that one that fails fails no other."""
    answers: list[Answer | DatabaseError] = []
    for request in requests:
        try:
            answers += decide([request], now)
        except DatabaseError as fault:
            answers.append(fault)
    return answers


class Queue:
    """Threads that wait at once: whoever has the turn decides for all of them."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[Request, datetime, Future[Answer]]] = deque()
        self.turn = threading.Lock()

    def decide(self, request: Request, now: datetime) -> Answer:
        """The answer to a request. Raises what the database does, and as `decide`."""
        refuse_inside_transaction("booking")
        mine: Future[Answer] = Future()
        self.waiting.append((request, now, mine))
        with self.turn:
            while not mine.done():
                self._decide_some()
        if fault := mine.exception():
            raise fault.with_traceback(None)
        return mine.result()

    def _decide_some(self) -> None:
        some = groups.take(self.waiting, rules.GROUP)
        requests, now = [request for request, _, _ in some], max(now for _, now, _ in some)
        answers: Sequence[Answer | Exception]
        try:
            answers = decide(requests, now)
        except Exception as fault:  # noqa: BLE001, raised to each who waits
            answers = decide_each(requests, now) if rolled_back(fault) else [fault] * len(some)
        for (_, _, future), answer in zip(some, answers, strict=True):
            groups.settle(future, answer)


def rolled_back(fault: Exception) -> bool:
    """Whether after this it is certain that nothing was booked, so that each may be tried by itself."""
    return isinstance(fault, DatabaseError) and not isinstance(fault, OperationalError)


QUEUE = Queue()
