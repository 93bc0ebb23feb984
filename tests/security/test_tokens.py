"""Each service, asked directly: every bad token is refused, whichever door it comes to, and a good one is taken."""

import base64
import hashlib
import os
import socket
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from frontrow.chassis.ids import new_id
from tests.alone import SERVICES, OwnDatabase, services_alone
from tests.security.tokens import GOOD, Forger, Shown, shown

PROBLEM = b'"code": "'
DOORS = {  # by which a service lets people in, and what it answers to a stranger with a good token
    "users, ordinary": ("users", "GET", "/profile", 404),
    "events, ordinary": ("events", "POST", "/events", 422),
    "events, maybe anonymous": ("events", "GET", "/events", 200),
    "notifications, ordinary": ("notifications", "POST", "/notifications", 422),
    "reviews, ordinary": ("reviews", "POST", "/reviews", 422),
    "reviews, maybe anonymous": ("reviews", "GET", "/reviews/user/{sub}", 200),
    "bookings, ordinary": ("bookings", "GET", "/bookings", 200),
    "bookings, fast, to write": ("bookings", "POST", "/bookings", 422),
    "bookings, fast, to read": ("bookings", "GET", "/bookings/{sub}", 404),
    "payments, ordinary": ("payments", "GET", "/payments", 200),
    "payments, fast": ("payments", "POST", "/payments", 422),
}
ANONYMOUS = {  # where that is a request of nobody; what is not ASCII never arrives
    "no header", "an empty header", "in X-Authorization", "in Proxy-Authorization", "in a cookie",
    "in a header with an underscore", "in letters of another script", "an umlaut behind it",
}  # fmt: skip
UNKNOWN = {"in the question"}  # where nobody may ask so


@dataclass
class Stage:
    """Services that run alone, and who has the key by which users signs."""

    addresses: dict[str, str]
    forger: Forger

    def asked(self, door: str, showing: Shown) -> int:
        """What a door answers: the status; 0 for a connection that was closed at once."""
        service, method, path, _ = DOORS[door]
        path = path.replace("{sub}", self.forger.sub) + (f"?{showing.query}" if showing.query else "")
        return ask(self.addresses[service], method, path, showing)


@pytest.fixture(scope="module")
def stage():
    with services_alone() as addresses:
        ask(addresses["users"], "GET", "/.well-known/jwks.json", Shown([]))
        yield Stage(addresses, thief())


def thief() -> Forger:
    """Who broke into the database of users, and knows the installation's secret."""
    with OwnDatabase("users").connect() as connection:
        row = connection.execute("SELECT kid, sealed FROM users_signingkey").fetchone()
    secret = hashlib.sha256(settings.ENVIRONMENT.derived_secret("signing keys").encode()).digest()
    raw = Fernet(base64.urlsafe_b64encode(secret)).decrypt(bytes(row[1]))
    return Forger(Ed25519PrivateKey.from_private_bytes(raw), row[0])


def ask(address: str, method: str, path: str, showing: Shown) -> int:
    """A request as it stands here, byte by byte: no library of ours mends it."""
    body = b"{}" if method == "POST" else b""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(address).netloc}", "Connection: close",
             "Content-Type: application/json", f"Content-Length: {len(body)}",
             *(f"{name}: {value}" for name, value in showing.headers), "", ""]  # fmt: skip
    with socket.create_connection((urlsplit(address).hostname, urlsplit(address).port), timeout=30) as line:
        try:
            line.sendall("\r\n".join(lines).encode() + body)
            answer = b""
            while part := line.recv(65536):
                answer += part
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has heard enough
    status = int(answer.split(b" ", 2)[1]) if answer else 0
    assert PROBLEM in answer or status in {0, 200, 400, 431}, answer
    return status


def test_there_are_doors_of_every_service_and_kind():
    assert {service for service, *_ in DOORS.values()} == set(SERVICES)
    assert Counter("fast" in name for name in DOORS)[True] >= 3


def test_the_corpus_is_large():
    assert len(shown()) >= 60


@pytest.mark.parametrize("door", DOORS)
def test_a_good_token_is_taken(stage, door):
    found = {name: stage.asked(door, make(stage.forger)) for name, make in GOOD.items()}
    assert found == dict.fromkeys(GOOD, DOORS[door][3])


def test_every_other_is_refused_by_every_service(stage, record_property):
    found, wrong = {}, []
    for name, make in shown().items():
        showing = make(stage.forger)
        found[name] = {door: stage.asked(door, showing) for door in DOORS}
        for door, status in found[name].items():
            if status not in _expected(door, name, showing):
                wrong.append((name, door, status))
    table = {
        name: {door: str(status or "closed") for door, status in row.items()} for name, row in found.items()
    }
    record_property("Bad tokens, and who refuses them", table)
    assert wrong == [], "\n".join(map(str, wrong))


def _expected(door: str, name: str, showing: Shown) -> frozenset[int]:
    if "maybe" in door and name in ANONYMOUS | UNKNOWN:
        return frozenset({200} if name in ANONYMOUS else {422})
    return showing.refused


def test_the_thief_has_the_right_key(stage):
    """Or else every token of the corpus would be refused for its signature alone."""
    stranger = Forger(Ed25519PrivateKey.generate(), stage.forger.kid, str(new_id()))
    assert stage.asked("users, ordinary", GOOD["as users makes it"](stranger)) == 401
    assert os.environ["SECRET_KEY"]
