"""What every test may use. The cast: Ada organises, Ben buys, Cy is a stranger."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import Atomic, get_connection
from structlog.contextvars import clear_contextvars
from whitenoise.middleware import WhiteNoiseMiddleware

from frontrow.chassis import auth, cache, clock, handover
from frontrow.chassis.logs import Lines
from frontrow.chassis.models import Outbox
from tests.cast import Actor
from tests.contracts.promises import check_message
from tests.embedded.system import wait
from tests.servers import Redis

clock.alone()  # under tests the process's clock counts, which they set


close_if_unusable = BaseDatabaseWrapper.close_if_unusable_or_obsolete


def _unless_in_test(connection: BaseDatabaseWrapper) -> None:
    """A test's transaction outlives the requests within it, and calls within these."""
    if not connection.in_atomic_block:
        close_if_unusable(connection)


BaseDatabaseWrapper.close_if_unusable_or_obsolete = _unless_in_test  # type: ignore[method-assign]


scan = WhiteNoiseMiddleware.add_files_from_finders
files: dict[str, Any] = {}


def _looked_for_once(middleware: WhiteNoiseMiddleware) -> None:
    """Each test client has a middleware of its own, and static files are many."""
    if not files:
        scan(middleware)
        files.update(middleware.files)
    middleware.files.update(files)


WhiteNoiseMiddleware.add_files_from_finders = _looked_for_once


leave = Atomic.__exit__


def _as_if_committed(block: Atomic, *error: Any) -> None:
    """What is to be done on commit is done when the product's own outermost block ends within a test's."""
    leave(block, *error)
    connection = get_connection(block.using)
    if connection.atomic_blocks and getattr(connection.atomic_blocks[-1], "_from_testcase", False):
        waiting, connection.run_on_commit = connection.run_on_commit, []
        for _, act, _ in waiting:
            act()


Atomic.__exit__ = _as_if_committed


@pytest.fixture(autouse=True)
def _logs_go_where_they_went() -> Iterator[None]:
    """Also after a command that sent them elsewhere."""
    root, handler = logging.getLogger(), Lines.handler
    handlers = root.handlers[:]
    yield
    root.handlers[:], Lines.handler = handlers, handler


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Short memories of the process do not pass from test to test."""
    _forget()
    auth.KEYS = auth.KeySet()
    yield
    _forget()


def _forget() -> None:
    for memory in caches.all():
        memory.clear()


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


@pytest.fixture(scope="session")
def _redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def redis(_redis: Redis, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """A real Redis, running and empty, which is Django's cache during this test."""
    _redis.start()
    monkeypatch.setattr(cache, "PAUSE_SECONDS", 0.05)
    settings.CACHES = cache.configured(_redis.url)
    yield _redis
    _redis.start()
    clients = cache.Forgiving._clients
    wait(30, lambda: not any(client.away for client in clients.values()), "nobody waits for Redis any more")
    clients.clear()


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines that the product's own configuration of logs wrote since the test began."""
    clear_contextvars()  # of a request in an earlier test
    told = io.StringIO()
    before = Lines.handler.setStream(told)
    yield lambda: [json.loads(line) for line in told.getvalue().splitlines()]
    Lines.handler.setStream(before or sys.stdout)


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
