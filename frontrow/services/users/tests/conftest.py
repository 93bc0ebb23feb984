"""What the tests of users share: accounts, several addresses, and passwords that cost nearly nothing."""

import time

import pytest
from pydantic import SecretStr

from frontrow.services.users import passwords
from frontrow.services.users.tests.people import PASSWORD, person_body


@pytest.fixture(autouse=True)
def _in_one_window(time_machine, settings):
    """No window of a limit ends during a test."""
    seconds = settings.ENVIRONMENT.sign_in_window_seconds
    time_machine.move_to(time.time() // seconds * seconds + 1)


@pytest.fixture
def cheap_passwords(monkeypatch):
    """Argon2id still, but quick."""
    monkeypatch.setattr(passwords.Argon2id, "memory_cost", 8)
    monkeypatch.setattr(passwords.Argon2id, "time_cost", 1)


@pytest.fixture
def configure(settings):
    """Change settings of the installation for one test."""

    def change(**changes):
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changes)

    return change


@pytest.fixture
def at(configure):
    """The headers of a request that our gateway took from this address."""
    secret = "g" * 32
    configure(gateway_secret=SecretStr(secret))
    return lambda address: {"X-Gateway-Secret": secret, "X-Client-Address": address}


@pytest.fixture
def account(cheap_passwords, nobody):
    """Ada's account, as she was told of it."""
    status, made = nobody.post("/register", person_body())
    assert status == 201, made
    return made


@pytest.fixture
def sign_in(nobody):
    """Sign in; the answer's status and body."""

    def attempt(login="ada", password=PASSWORD, **headers):
        return nobody.post("/login", {"username": login, "password": password}, **headers)

    return attempt


@pytest.fixture
def session(account, sign_in):
    """Ada's tokens after signing in."""
    status, tokens = sign_in()
    assert status == 200, tokens
    return tokens


@pytest.fixture
def profile(nobody):
    """Read the profile with this access token; the answer's status and body."""
    return lambda token: nobody.get("/profile", Authorization=f"Bearer {token}")


@pytest.fixture
def refresh(nobody):
    """Exchange this refresh token; the answer's status and body."""
    return lambda token: nobody.post("/token/refresh", {"refreshToken": token})
