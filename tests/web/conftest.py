"""Browsers without a browser: Django's test client, signed in as somebody of the cast."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from frontrow.web import session
from frontrow.web.session import Session
from tests.cast import Actor

Visit = Callable[..., Client]


@pytest.fixture
def visit() -> Visit:
    """A browser of nobody, or of an actor who is signed in; it says where it sends from, as browsers do."""

    def opened(actor: Actor | None = None, **tastes: Any) -> Client:
        headers = {"Origin": "http://testserver", "Accept": "text/html,*/*;q=0.8"}
        client = Client(headers=headers, raise_request_exception=False)
        if actor:
            known = {"name": "Ben", **tastes}
            tokens = Session(str(actor.user_id), actor.token, "used by nobody", time.time() + 900, **known)
            client.cookies["frontrow"] = session._sealed(tokens)
        return client

    return opened
