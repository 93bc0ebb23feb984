"""The fast door of bookings: POST /bookings without Django around it, where bookings is its own service.

It answers as the ordinary door (api.py) does, by the same schemas, tokens, refusals and SQL; the same tests
run against both. All requests that wait are decided by one call over one connection, and the next leaves when
that has committed. What needs a second look, and whatever else is asked here, goes to Django in a thread.
"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connection
from django.http.request import split_domain_port, validate_host
from django.utils import timezone
from pydantic import ValidationError

from frontrow.chassis import api, auth, idempotency
from frontrow.chassis.refusals import BadRequest, Invalid, NotSignedIn, Refusal, Unavailable
from frontrow.chassis.rsgi import Account, Django, Threads, body_of
from frontrow.services.bookings import booking, deciding, metrics, rules
from frontrow.services.bookings.api import BookingIn
from frontrow.services.bookings.deciding import DECIDE, REPLAYED, Answer, Request

PATH, ROUTE = "/bookings", "POST /bookings"
MOST_WAITING = 512  # requests in the queue: some tenth of a second's work; more is refused at once
MOST_OF_ONE = 64  # requests in hand of one person
PATIENCE = 10  # seconds for a group: then the database is as good as away
BECAME = {status: metrics.BOOKINGS.labels(status) for status in rules.LIVE}
DJANGOS = {"context", "cursor_factory", "prepare_threshold", "client_encoding", "application_name"}
SESSION = "SET TIME ZONE 'UTC'; SET lock_timeout = '5s'"


class Group:
    """The requests that wait, and the connection over which they are decided."""

    def __init__(self, threads: Threads):
        self.threads = threads
        self.waiting: deque[tuple[Request, asyncio.Future[Answer]]] = deque()
        self.people: Counter[UUID] = Counter()
        self.deciding: asyncio.Task[None] | None = None
        self.database: psycopg.AsyncConnection | None = None

    @property
    def is_full(self) -> bool:
        """Whether so many wait that more would wait for too long."""
        return len(self.waiting) >= MOST_WAITING

    async def decide(self, request: Request) -> Answer:
        """The answer to a request. Raises Unavailable if too many wait already, or the database is away."""
        if self.is_full or self.people[request.user_id] >= MOST_OF_ONE:
            raise Unavailable
        mine: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.waiting.append((request, mine))
        self.people[request.user_id] += 1
        if self.deciding is None or self.deciding.done():
            self.deciding = asyncio.create_task(self._decide_all())
        try:
            return await mine
        finally:
            self.people[request.user_id] -= 1
            if not self.people[request.user_id]:
                del self.people[request.user_id]

    async def _decide_all(self) -> None:
        while self.waiting:
            some = deciding.take(self.waiting)
            answers: Sequence[Answer | Exception]
            try:
                answers = await self._decide([request for request, _ in some])
            except Exception as fault:  # noqa: BLE001, raised to each who waits
                if isinstance(fault, Unavailable):  # nor would those behind get further
                    some += self.waiting
                    self.waiting.clear()
                answers = [fault] * len(some)
            for (_, future), answer in zip(some, answers, strict=True):
                if not future.done():  # whose client is gone
                    deciding.settle(future, answer)

    async def _decide(self, requests: list[Request]) -> Sequence[Answer | Exception]:
        now = timezone.now()
        try:
            async with asyncio.timeout(PATIENCE):
                database = await self._connected()
                cursor = await database.execute(DECIDE, deciding.asked(requests, now), prepare=True)
                return deciding.told([Answer(*row) for row in await cursor.fetchall()])
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as outage:
            await self.close()
            raise api.outage(outage) from outage
        except psycopg.DatabaseError:  # rolled back: whose request it was fails alone
            return await self.threads.run(deciding.decide_each, requests, now)

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
        """Let the connection go; the next group makes a new one."""
        database, self.database = self.database, None
        if database is not None:
            await database.close()


class FastDoor:
    """What Granian calls for each request."""

    def __init__(self) -> None:
        self.threads = Threads()
        self.django = Django(self.threads)
        self.group = Group(self.threads)

    async def __call__(self, scope: Any, proto: Any) -> None:
        if scope.method != "POST" or scope.path != PATH:
            return await self.django.answer(scope, proto)
        account = Account(scope, ROUTE)
        try:
            status, content = 201, await self._hold(scope, proto, account.request_id)
        except Refusal as refusal:
            return account.refuse(proto, refusal)
        except api.OUTAGES as outage:
            return account.refuse(proto, api.outage(outage))
        except Exception as fault:  # noqa: BLE001, said there
            return account.fault(proto, fault)
        return account.answer(proto, status, content)

    async def _hold(self, scope: Any, proto: Any, request_id: str) -> str:
        """The booking as JSON. Raises each of booking.REFUSALS, and what anybody is refused for."""
        if self.group.is_full:  # before anything is looked at: to refuse is to cost nothing
            raise Unavailable
        if not validate_host(split_domain_port(scope.headers.get("host") or "")[0], settings.ALLOWED_HOSTS):
            raise BadRequest
        person = await self._person(scope.headers.get("authorization"))
        body = _read(await body_of(scope, proto))
        request = body.request(person.user_id, idempotency.key_in(scope.headers), request_id)
        answer = await self.group.decide(request)
        if answer.outcome in booking.SECOND_LOOK:
            told = await self.threads.run(booking.hold, request, timezone.now(), request_id=request_id)
            return json.dumps(told)
        if answer.told is None:
            raise booking.BY_CODE[answer.outcome]
        if answer.outcome != REPLAYED:
            BECAME[answer.outcome].inc()
        return answer.told

    async def _person(self, header: str | None) -> auth.Person:
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer":
            raise NotSignedIn
        if person := auth.recall(token):
            return person
        return auth.verify(token) if auth.asks_nobody(token) else await self.threads.run(auth.verify, token)


def _read(content: bytes) -> BookingIn:
    """The body as what is wanted. Raises BrokenJson, Invalid."""
    if not content:
        raise Invalid.field("", "Field required")
    try:
        return BookingIn.model_validate(api.parse(content))
    except ValidationError as error:
        wrong = [api.wrong(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]
        raise Invalid(errors=wrong) from None
