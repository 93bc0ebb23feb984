"""The story of reconciling: the stock of each event against its live bookings.

What may be healed is healed; what was sold twice is only told, for a person has to decide whom to move.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F

from frontrow.chassis.metrics import FAULTS
from frontrow.services.bookings import ending, rules, watching
from frontrow.services.bookings.models import Booking, Event, EventStock, Finding, TypeStock

log = structlog.get_logger(__name__)
AT_ONCE = 100  # events that are compared by one statement
EVER = datetime(1970, 1, 1, tzinfo=UTC)
# One statement sees one moment, in which stock and bookings agree: they change in one transaction.
# Of what is oversold all is taken; the constraints allow no more.
DIFFERING = """
WITH live AS MATERIALIZED (
    SELECT event_id, quantity, items FROM bookings_booking
    WHERE event_id = ANY (%(events)s) AND status IN ('held', 'confirmed')
), sold AS (
    SELECT event_id AS thing, sum(quantity) AS places FROM live GROUP BY 1
    UNION ALL
    SELECT item."ticketTypeId", sum(item.quantity)
    FROM live, jsonb_to_recordset(items) AS item ("ticketTypeId" uuid, quantity integer) GROUP BY 1
), stock AS (
    SELECT event_id, event_id AS thing, capacity, taken FROM bookings_eventstock
    WHERE event_id = ANY (%(events)s)
    UNION ALL
    SELECT event_id, ticket_type_id, capacity, taken FROM bookings_typestock
    WHERE event_id = ANY (%(events)s)
)
SELECT event_id, thing, capacity, taken, coalesce(places, 0)
FROM stock LEFT JOIN sold USING (thing)
WHERE taken <> least(coalesce(places, 0), capacity) ORDER BY event_id, thing <> event_id, thing
"""


class Count(NamedTuple):
    """Places of an event, or of a ticket type: what stock says is taken, and what live bookings have."""

    event_id: UUID
    thing: UUID
    capacity: int
    taken: int
    live: int

    def __str__(self) -> str:
        of = "of the event" if self.thing == self.event_id else f"of ticket type {self.thing}"
        return f"{self.taken} places {of} were taken, live bookings have {self.live}"


def reconcile(now: datetime, everything: bool = False) -> list[Finding]:
    """Compare what was on sale lately, or everything; what was found, healed or not.

    Stock comes first: a hold whose places were never taken cannot give them back.
    """
    since = EVER if everything else now - watching.HISTORY
    found = [*_stock(since, now), *_forgotten_holds(now), *_oversold(since, now)]
    Finding.objects.close(since, now)
    return found


def _stock(since: datetime, now: datetime) -> Iterator[Finding]:
    for events in _pages(since):
        suspects = dict.fromkeys(count.event_id for count in _differing(events))
        yield from _each(suspects, _heal_stock, now)


def _pages(since: datetime) -> Iterator[list[UUID]]:
    events = Event.objects.filter(sales_end__gte=since).order_by("pk").values_list("pk", flat=True)
    page = list(events[:AT_ONCE])
    while page:
        yield page
        page = list(events.filter(pk__gt=page[-1])[:AT_ONCE])


def _differing(events: Sequence[UUID]) -> list[Count]:
    with connection.cursor() as cursor:
        cursor.execute(DIFFERING, {"events": list(events)})
        return [Count(*row) for row in cursor.fetchall()]


def _heal_stock(event_id: UUID, now: datetime) -> Finding | None:
    """Look again under the lock that every change goes through, and make the counts what they must be."""
    with transaction.atomic(durable=True):
        EventStock.objects.lock(event_id)
        differing = _differing([event_id])
        if not differing:
            return None
        for count in differing:
            taken = min(count.live, count.capacity)
            EventStock.objects.filter(pk=count.thing).update(taken=taken)
            TypeStock.objects.filter(pk=count.thing).update(taken=taken)
        EventStock.objects.filter(pk=event_id).update(version=F("version") + 1, untold=True)
        return _noted(rules.STOCK, event_id, "; ".join(map(str, differing)), rules.HEALED, now)


def _forgotten_holds(now: datetime) -> Iterator[Finding]:
    late = Booking.objects.overdue(now - rules.FORGET).order_by("event_id").values_list("event_id", flat=True)
    yield from _each(list(late.distinct()[:AT_ONCE]), _end_forgotten, now)


def _end_forgotten(event_id: UUID, now: datetime) -> Finding | None:
    ended = 0
    while some := ending.expire_of(event_id, now):
        ended += some
    if not ended:
        return None
    details = f"{ended} holds were still there long after their deadline"
    return _noted(rules.FORGOTTEN, event_id, details, rules.HEALED, now)


def _oversold(since: datetime, now: datetime) -> Iterator[Finding]:
    events = defaultdict(list)
    for of, event_id, places in watching.beyond(since):
        events[event_id].append(f"{places} places beyond what there is, by {of}")
    for event_id, words in events.items():
        yield _noted(rules.OVERSOLD, event_id, "; ".join(words), rules.OPEN, now)


def _each(
    events: Iterable[UUID], heal: Callable[[UUID, datetime], Finding | None], now: datetime
) -> Iterator[Finding]:
    """What was found of each; one that fails is said and counted, and keeps no other waiting."""
    for event_id in events:
        try:
            found = heal(event_id, now)
        except Exception:
            FAULTS.labels("reconciling").inc()
            log.exception("not_reconciled", act=heal.__name__, event_id=str(event_id))
            continue
        if found:
            yield found


def _noted(kind: str, event_id: UUID, details: str, state: str, now: datetime) -> Finding:
    log.error("found", kind=kind, event_id=str(event_id), details=details, state=state)
    return Finding.objects.note(kind, event_id, details, state, now)
