"""The fast door of bookings, where it is its own service: to book, and to look at what one booked.

All who want to book are decided by one call over one connection, by the SQL of the ordinary door (api.py).
Who wants what was gone a moment ago is told by a look at that. Where a refusal rests on what an event is,
events is asked, once for all who wait, and they are decided again. Holds that are over are ended by the
ordinary story, in a thread.
"""

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection

from frontrow.chassis import api, clock
from frontrow.chassis.absences import mark_of
from frontrow.chassis.failpoints import point
from frontrow.chassis.fast_door import Asked, FastDoor, Route, read
from frontrow.chassis.groups import MOST_WAITING, Group
from frontrow.chassis.refusals import NotFound
from frontrow.services.bookings import booking, deciding, metrics, rules, shown
from frontrow.services.bookings.api import BookingIn
from frontrow.services.bookings.deciding import DECIDE, GONE, OVERDUE, REPLAYED, SOLD_OUT, Answer, Request
from frontrow.services.bookings.shown import Look

ONE = re.compile("/bookings/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")  # as Django
SHORT, REMEMBERED = 256, 1024  # bytes of a body, and how many of them
PATIENCE = 10  # seconds for a group: then the database is as good as away
BECAME = {status: metrics.BOOKINGS.labels(status) for status in rules.LIVE}
DJANGOS = {"context", "cursor_factory", "prepare_threshold", "client_encoding", "application_name"}
SESSION = """
SET TIME ZONE 'UTC'; SET lock_timeout = '5s';
SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan;
"""  # the latter as in hold_v4.sql: to plan GONE takes longer than to look


class BookingsDoor(FastDoor):
    """What the server calls for each request."""

    def __init__(self) -> None:
        super().__init__()
        self.holds: Group[Request, Answer] = Group(self._decide, rules.GROUP)
        self.looks: Group[Look, str | None] = Group(self._find, rules.GROUP)
        self.afresh: dict[tuple[UUID, str], Group[Request, bool]] = {}  # who waits for a look at their event
        self.short: set[UUID] = set()  # events of which somebody was told a moment ago that nothing is left
        self.database: psycopg.AsyncConnection | None = None
        self.booking = Route("POST /bookings", self.holds, self._hold)
        self.short_bodies = lru_cache(maxsize=REMEMBERED)(partial(read, BookingIn))  # most say the same

    def route(self, method: str, path: str) -> Route | None:
        if path == "/bookings" and method == "POST":
            return self.booking
        if method == "GET" and ONE.fullmatch(path):
            return Route("GET /bookings/{bookingId}", self.looks, self._read)
        return None

    async def _hold(self, asked: Asked) -> tuple[int, str]:
        said = bytes(asked.request.body)
        body = self.short_bodies(said) if len(said) <= SHORT else read(BookingIn, said)
        request = body.request(asked.person.user_id, asked.key, asked.request_id)
        answer = await self.holds.answer(request)
        if answer.outcome in booking.RESTS_ON_EVENT and await self._may_have_changed(request, answer.outcome):
            answer = await self.holds.answer(request)
        if answer.outcome == OVERDUE:
            held = await self.threads.run(booking.hold, request, clock.now(), request_id=asked.request_id)
            return 201, json.dumps(held)
        if answer.told is None:
            raise booking.BY_CODE[answer.outcome]
        if answer.outcome != REPLAYED:
            BECAME[answer.outcome].inc()
        return 201, answer.told

    async def _may_have_changed(self, request: Request, outcome: str) -> bool:
        """As in booking.py, by a question that is asked after this; all who wait share it."""
        key = request.event_id, outcome
        looks = self.afresh.setdefault(key, Group(partial(self._look_afresh, *key), MOST_WAITING))
        try:
            return await looks.answer(request)
        finally:
            if not looks.people:
                self.afresh.pop(key, None)

    async def _look_afresh(self, event_id: UUID, outcome: str, requests: list[Request]) -> Sequence[bool]:
        first = requests[0].asked_by
        changed = await self.threads.run(booking.may_have_changed, event_id, outcome, request_id=first)
        return [changed] * len(requests)

    async def _read(self, asked: Asked) -> tuple[int, str]:
        booking_id = UUID(asked.request.path.rpartition("/")[2])
        told = await self.looks.answer(Look(asked.person.user_id, booking_id))
        if told is None:
            raise NotFound
        return 200, told

    async def _find(self, looks: list[Look]) -> Sequence[str | None]:
        return await self.threads.run(shown.to_some, looks)

    async def _decide(self, requests: list[Request]) -> Sequence[Answer | Exception]:
        now = clock.now()
        try:
            async with asyncio.timeout(PATIENCE):
                answers = await self._decided(requests, now)
                point("bookings.decided")
                return deciding.told(answers)
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as outage:
            await self._disconnect()
            raise api.outage(outage) from outage
        except psycopg.DatabaseError:  # rolled back: whose request it was fails alone
            return await self.threads.run(deciding.decide_each, requests, now)

    async def _decided(self, requests: list[Request], now: datetime) -> list[Answer]:
        """Whoever wants what was gone a moment ago is told by a look, within their call, if it still is."""
        database = await self._connected()
        gone = await self._gone(database, requests, now)
        left = [each for each in requests if each.user_id not in gone] if gone else requests
        rows: list[Any] = []
        if left:
            cursor = await database.execute(DECIDE, deciding.asked(left, now), prepare=True)
            rows = await cursor.fetchall()
        decided = map(Answer._make, rows)
        answers = [SOLD_OUT if each.user_id in gone else next(decided) for each in requests]
        self.short = {each.event_id for each, one in zip(requests, answers, strict=True) if one == SOLD_OUT}
        return answers

    async def _gone(
        self, database: psycopg.AsyncConnection, requests: list[Request], now: datetime
    ) -> set[UUID]:
        """The people, of whom a group has each once, for whom nothing is left."""
        some = [each for each in requests if each.is_plain and each.event_id in self.short]
        if not some:
            return set()
        cursor = await database.execute(GONE, deciding.looked_for(some, now), prepare=True)
        ((gone, out),) = await cursor.fetchall()
        told = [each for each in some if each.event_id in gone]
        return {each.user_id for each in told if not out or mark_of(each.user_id) not in out}

    async def _connected(self) -> psycopg.AsyncConnection:
        if self.database is None or self.database.closed:
            known = connection.get_connection_params()
            where = {name: value for name, value in known.items() if name not in DJANGOS}
            self.database = await psycopg.AsyncConnection.connect(
                **where, application_name="frontrow door", autocommit=True
            )
            await self.database.execute(SESSION)
        return self.database

    async def close(self) -> None:
        await super().close()
        await self._disconnect()

    async def _disconnect(self) -> None:
        """Let the connection go; the next group makes a new one."""
        database, self.database = self.database, None
        if database is not None:
            await database.close()
