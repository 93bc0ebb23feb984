"""Who acts in the tests: Ada organises, Ben buys, Cy is a stranger."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

from django.db import connection
from django.test import Client
from django.utils import timezone

from frontrow.chassis import handover, outbox, periodic
from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Job
from frontrow.chassis.refusals import Refusal
from frontrow.services.users import keys

ROUNDS = 3  # of periodic work that messages cause, and messages that it says: cancelled, refunded, told


class Actor:
    """A person with a token, who calls the API and gets the answer's status and JSON."""

    def __init__(self, roles: list[str] | None = None, token: str | None = None):
        self.user_id: UUID = new_id()
        self.token = token or keys.sign(self.user_id, roles or [], timezone.now())
        self.client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The answer's status, and its JSON or None."""
        answer = self.client.generic(
            method, path, b"" if body is None else json.dumps(body), "application/json",
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )  # fmt: skip
        return answer.status_code, json.loads(answer.content) if answer.content else None

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        return self.call("GET", path, None, **headers)

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        return self.call("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> tuple[int, Any]:
        return self.call("DELETE", path, None, **headers)

    def lists(self, **changes: Any) -> dict[str, Any]:
        """An event of this person's, published unless told otherwise."""
        status, event = self.post("/events", event_body(**changes))
        assert status == 201, event
        return event

    def books(self, event: dict[str, Any], quantity: int = 1, **headers: str) -> dict[str, Any]:
        """A booking of this person's that must succeed."""
        status, booking = self.post(
            "/bookings", {"eventId": event["eventId"], "quantity": quantity}, **headers
        )
        assert status == 201, booking
        return booking


def soon(**later: float) -> str:
    """A time in RFC 3339, a month from now and later."""
    return (datetime.now(UTC) + timedelta(days=30) + timedelta(**later)).isoformat()


def event_body(**changes: Any) -> dict[str, Any]:
    """A valid POST /events: a concert of 10 places at 25 euros; a None takes a field out."""
    body = {
        "title": "An evening with Clara",
        "description": "Songs without words.",
        "date": soon(),
        "endDate": soon(hours=3),
        "timezone": "Europe/Berlin",
        "location": "Konzerthaus, Berlin",
        "category": "concert",
        "capacity": 10,
        "price": 2500,
        "currency": "EUR",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call returns, or the code of its refusal, all begun at the same moment."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def settle(now: datetime | None = None) -> None:
    """Let the background do all it has to: messages relayed and heard, periodic work run, due or not."""
    for _ in range(ROUNDS):
        Job.objects.all().delete()
        _quiet()
        periodic.run_due(now or timezone.now())
        _quiet()


def _quiet(step: Callable[[], Any] = outbox.relay) -> None:
    while step() or handover.deliver(timezone.now()):
        pass
