"""Keys rotate again and again while people use every service, and nobody is refused once."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import jwt
import pytest

from tests.alone import OwnDatabase, services_alone
from tests.journeys.traveller import PASSWORD, Traveller, eventually

ROTATIONS = 4
QUICK = {  # so that a key set is fetched anew every two seconds, and the next key waits for five
    "JWKS_SECONDS": "2", "CALL_SECONDS": "0.5", "REGISTRATIONS_PER_ADDRESS": "100000",
}  # fmt: skip
PATHS = {
    "users": "/profile", "events": "/events", "bookings": "/bookings", "payments": "/payments",
    "notifications": "/notifications/{user_id}", "reviews": "/reviews/user/{user_id}",
}  # fmt: skip


@pytest.fixture(scope="module")
def addresses():
    with services_alone(**QUICK) as found:
        yield found


def grow_old():
    """The key that was made last becomes as old as a key may be."""
    with OwnDatabase("users").connect() as connection:
        connection.execute(
            "UPDATE users_signingkey SET created_at = created_at - interval '91 days' WHERE retired_at IS NULL"
        )


class Visitor:
    """Renews a session again and again, and goes everywhere with each new token."""

    def __init__(self, addresses: dict[str, str], done: threading.Event):
        self.addresses, self.done = addresses, done
        self.kids: list[str] = []
        self.answers: Counter[tuple[str, int]] = Counter()

    def __call__(self) -> None:
        with (
            closing(Traveller(self.addresses["users"], "visitor")) as one,
            httpx.Client(timeout=30) as client,
        ):
            login = {"username": one.username, "password": PASSWORD}
            session = client.post(f"{self.addresses['users']}/login", json=login).json()
            while not self.done.is_set():
                session = self._renewed(client, session)
                for service, path in PATHS.items():
                    address = self.addresses[service] + path.replace("{user_id}", one.user_id)
                    headers = {"Authorization": f"Bearer {session['accessToken']}"}
                    self.answers[service, client.get(address, headers=headers).status_code] += 1

    def _renewed(self, client: httpx.Client, session: dict[str, str]) -> dict[str, str]:
        body = {"refreshToken": session["refreshToken"]}
        answer = client.post(f"{self.addresses['users']}/token/refresh", json=body)
        assert answer.status_code == 200, answer.text
        self.kids.append(jwt.get_unverified_header(answer.json()["accessToken"])["kid"])
        return answer.json()


def test_keys_rotate_under_load_without_a_refused_request(addresses):
    done = threading.Event()
    visitors = [Visitor(addresses, done) for _ in range(4)]
    with ThreadPoolExecutor(len(visitors)) as pool:
        running = [pool.submit(visitor) for visitor in visitors]
        try:
            for turn in range(1, ROTATIONS + 1):
                eventually(lambda: all(visitor.kids for visitor in visitors), True)
                grow_old()
                eventually(lambda turn=turn: signed_by(visitors) > turn or refused(visitors), True, 60)
        finally:
            done.set()
        for each in running:
            each.result(60)
    answers = sum((visitor.answers for visitor in visitors), Counter())
    assert {status for _, status in answers} == {200}, answers
    assert {service for service, _ in answers} == set(PATHS)
    assert signed_by(visitors) == ROTATIONS + 1


def refused(visitors: list[Visitor]) -> bool:
    """Whether one of them was: then nothing need be waited for any more."""
    return any(status != 200 for visitor in visitors for _, status in list(visitor.answers))


def signed_by(visitors: list[Visitor]) -> int:
    """How many keys signed the tokens of these."""
    return len({kid for visitor in visitors for kid in list(visitor.kids)})
