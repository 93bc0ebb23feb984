"""A person who knows nothing of Frontrow but its address."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from subprocess import Popen
from typing import Any

import httpx

PASSWORD = "correct horse battery"
Answer = tuple[int, Any]


class Traveller(httpx.Client):
    """Registers and signs in at once under a name nobody has."""

    def __init__(self, address: str, name: str):
        super().__init__(base_url=address, timeout=30)
        self.username = f"{name}-{secrets.token_hex(5)}"
        self.email = f"{self.username}@example.org"
        status, person = self.call(
            "POST", "/register", {"username": self.username, "email": self.email, "password": PASSWORD}
        )
        assert status == 201, person
        self.user_id = person["userId"]
        self.session = self.sign_in()

    def sign_in(self) -> dict[str, Any]:
        """A new session, whose access token is sent from now on."""
        status, session = self.call("POST", "/login", {"username": self.username, "password": PASSWORD})
        assert status == 200, session
        self.headers["Authorization"] = f"Bearer {session['accessToken']}"
        return session

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """The answer's status, and its JSON or None."""
        answer = self.request(method, path, json=body, headers=headers)
        return answer.status_code, answer.json() if answer.content else None

    def lists(self, **changes: Any) -> dict[str, Any]:
        """An event of this person's."""
        status, event = self.call("POST", "/events", event_body(**changes))
        assert status == 201, event
        return event

    def books(self, event: dict[str, Any], quantity: int = 1, **headers: str) -> Answer:
        return self.call("POST", "/bookings", {"eventId": event["eventId"], "quantity": quantity}, **headers)


def event_body(**changes: Any) -> dict[str, Any]:
    """A valid event, years from now: with one ticket type, unless others are given."""
    simple = {} if "ticketTypes" in changes else {"capacity": 50, "price": 4900, "currency": "EUR"}
    year = time.gmtime().tm_year + 3
    return {
        "title": "Night of the Proms", "description": "Last night, first row.", "date": f"{year}-07-01T19:30:00+02:00",
        "endDate": f"{year}-07-01T23:00:00+02:00", "timezone": "Europe/Berlin", "location": "Waldbühne, Berlin",
        "category": "concert", **simple, **changes,
    }  # fmt: skip


def soon_over() -> dict[str, str]:
    """When an event takes place that will be over in a moment."""
    date = datetime.now(UTC) + timedelta(seconds=7)
    return {"date": date.isoformat(), "endDate": (date + timedelta(seconds=1)).isoformat()}


def answers(address: str, process: Popen[bytes]) -> bool:
    """Whether a Frontrow that was just started gets ready; not if it ends, or after two minutes."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return True
        except httpx.TransportError:
            time.sleep(0.1)
    return False


def eventually(look: Callable[[], Any], wanted: Any, seconds: float = 30) -> None:
    """Look until it is as wanted; messages and periodic work take a moment."""
    deadline = time.monotonic() + seconds
    while (found := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == wanted, f"{found} instead of {wanted} after {seconds} seconds"
