"""What every test may use. The cast: Ada organises, Ben buys, Cy is a stranger."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db.backends.base.base import BaseDatabaseWrapper

from frontrow.chassis import auth, handover
from frontrow.chassis.models import Outbox
from tests.cast import Actor
from tests.contracts.promises import check_message

close_if_unusable = BaseDatabaseWrapper.close_if_unusable_or_obsolete


def _unless_in_test(connection: BaseDatabaseWrapper) -> None:
    """A test's transaction outlives the requests within it, and calls within these."""
    if not connection.in_atomic_block:
        close_if_unusable(connection)


BaseDatabaseWrapper.close_if_unusable_or_obsolete = _unless_in_test  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Short memories of the process do not pass from test to test."""
    cache.clear()
    auth.KEYS = auth.KeySet()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _messages_keep_promises(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Whatever a test makes the services say is held against contracts/messages."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None:
        yield
        return
    request.getfixturevalue("transactional_db" if marker.kwargs.get("transaction") else "db")
    publish = handover.publish

    def checked(messages):  # type: ignore[no-untyped-def]
        for message in messages:
            check_message(message.type, message.data)
        publish(messages)

    monkeypatch.setattr(handover, "publish", checked)
    yield
    for row in Outbox.objects.all():
        check_message(row.type, row.data)


@pytest.fixture
def ada() -> Actor:
    return Actor()


@pytest.fixture
def ben() -> Actor:
    return Actor()


@pytest.fixture
def cy() -> Actor:
    return Actor()


@pytest.fixture
def nobody() -> Actor:
    """A client without a token."""
    return Anonymous()


class Anonymous(Actor):
    def __init__(self) -> None:
        super().__init__(token="none")  # noqa: S106

    def call(self, method, path, body=None, **headers):  # type: ignore[no-untyped-def]
        headers.setdefault("Authorization", "")
        return super().call(method, path, body, **headers)
