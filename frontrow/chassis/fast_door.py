"""A fast door: the busiest paths of a service that runs alone, without Django around them.

It answers as the ordinary door does, by the same schemas, tokens and refusals. All requests that wait are
served together (groups.py). Whatever else is asked goes to Django in a thread.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from ninja.responses import NinjaJSONEncoder
from pydantic import BaseModel, ValidationError

from frontrow.chassis import api, auth, clock, idempotency
from frontrow.chassis.accounts import NOBODYS, Account
from frontrow.chassis.connection import Request
from frontrow.chassis.groups import Group
from frontrow.chassis.refusals import BadRequest, Invalid, NotSignedIn, Refusal, Unavailable
from frontrow.chassis.threads import Django, Threads
from frontrow.chassis.verifier import Verifier

Body = TypeVar("Body", bound=BaseModel)
Answer = tuple[int, str]  # status, JSON
KEY = idempotency.HEADER.lower()


class Asked(NamedTuple):
    """A request of a signed-in person."""

    request: Request
    person: auth.Person
    request_id: str

    @property
    def key(self) -> str | None:
        """Its Idempotency-Key. Raises InvalidKey."""
        return idempotency.valid(self.request.headers.get(KEY))


def read(schema: type[Body], body: bytes | bytearray) -> Body:
    """What a body says. Raises BrokenJson, Invalid."""
    if not body:
        raise Invalid.field("", "Field required")
    try:
        return schema.model_validate(api.parse(body))
    except ValidationError as error:
        wrong = [api.wrong(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]
        raise Invalid(errors=wrong) from None


class Route(NamedTuple):
    """A path that is answered here: its name in metrics, who waits there, and how one is answered."""

    name: str
    group: Group[Any, Any]
    answer: Callable[[Asked], Awaitable[Answer]]


def _is_ours(host: str) -> bool:
    """Whether we are asked by a name of ours, as Django looks at it."""
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


class FastDoor(ABC):
    """What the server calls for each request (server.py)."""

    def __init__(self) -> None:
        self.threads = Threads()
        self.django = Django(self.threads)
        self.verifier = Verifier()
        self.is_ours = lru_cache(maxsize=64)(_is_ours)

    @abstractmethod
    def route(self, method: str, path: str) -> Route | None:
        """How it is answered here; None, if Django answers it."""

    async def close(self) -> None:
        """Let go what the door holds."""
        self.verifier.close()

    async def __call__(self, request: Request) -> None:
        route = self.route(request.method, request.path)
        account = Account(request, route.name if route else NOBODYS)
        try:
            if request.wrong:
                raise request.wrong
            if route is None:  # Django keeps an account of its own
                return request.answer(*await self.django.answer(request))
            status, content = await self._answer(route, request, account.request_id)
        except Refusal as refusal:
            return account.refuse(refusal)
        except api.OUTAGES as outage:
            return account.refuse(api.outage(outage))
        except Exception as fault:  # noqa: BLE001, said there
            return account.fault(fault)
        return account.answer(status, content)

    async def _answer(self, route: Route, request: Request, request_id: str) -> Answer:
        if route.group.is_full:  # before anything is looked at: to refuse is to cost nothing
            raise Unavailable
        if not self.is_ours(request.headers.get("host", "")):
            raise BadRequest
        if not clock.is_known():
            await self.threads.run(clock.learn)
        person = await self._person(request.headers.get("authorization", ""))
        return await route.answer(Asked(request, person, request_id))

    async def _person(self, header: str) -> auth.Person:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise NotSignedIn
        if person := await auth.recognise(token, self.verifier.is_signed):
            return person
        return await self.threads.run(auth.verify, token)


def told(body: BaseModel) -> str:
    """An answer's body as the ordinary door tells it."""
    return JSON.encode(body.model_dump(by_alias=True))


def _plain(value: object) -> Any:
    return str(value) if type(value) is UUID else OTHERS.default(value)  # most of what is no JSON are ids


OTHERS, JSON = NinjaJSONEncoder(), json.JSONEncoder(default=_plain)
