"""A real RabbitMQ for these tests alone, and two services that hear one type of message through it."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from frontrow.chassis import listener, outbox, periodic, work
from frontrow.chassis.broker import Publisher, connect
from frontrow.chassis.ids import new_id
from frontrow.chassis.message import Message
from tests.broker.rabbit import Rabbit

KIND = "user.updated.v1"
PERSON = {
    "userId": "0198c5a0-0000-7000-8000-000000000002", "username": "ben", "email": "ben@example.org",
    "profileInfo": {}, "version": 1,
}  # fmt: skip


@pytest.fixture(scope="session")
def _rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rabbit]:
    with Rabbit(tmp_path_factory.mktemp("rabbit")) as rabbit:
        yield rabbit


@pytest.fixture
def rabbit(_rabbit: Rabbit, settings: Any) -> Rabbit:
    """Running and empty, and the broker of this test's services `left` and `right`."""
    _rabbit.start()
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(
        update={"broker_url": _rabbit.url, "message_attempts": 2}
    )
    settings.LISTENERS = {"left": (KIND,), "right": (KIND,), "mute": ()}
    settings.SERVICES = ["left", "right", "mute"]
    with connect() as connection, connection.channel() as channel:
        for service in ("left", "right"):
            for queue in (f"frontrow.{service}", f"frontrow.{service}.dead"):
                channel.queue_purge(queue)
    return _rabbit


class Ears:
    """What left and right heard; either may be made to fail by a function that raises."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.moods: dict[str, Callable[[Message], None]] = {}

    def of(self, name: str) -> Callable[[Message], None]:
        def hear(message: Message) -> None:
            self.moods.get(name, lambda _: None)(message)
            transaction.on_commit(lambda: self.heard.append((name, message.id)))

        return hear

    def by(self, name: str) -> list[Any]:
        return [message for who, message in self.heard if who == name]


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> Ears:
    ears = Ears()
    monkeypatch.setattr(listener, "_handlers", {(who, KIND): ears.of(who) for who in ("left", "right")})
    monkeypatch.setattr(periodic, "_tasks", {})
    return ears


class Background:
    """The background of a process, begun and ended as often as a test likes."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def begin(self) -> None:
        self.stop = threading.Event()
        self.threads = work.start(self.stop)

    def end(self) -> None:
        if self.threads:
            self.stop.set()
            outbox.NEWS.set()
        for thread in self.threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self.threads)
        self.threads = []


@pytest.fixture
def background(rabbit: Rabbit) -> Iterator[Background]:
    background = Background()
    yield background
    background.end()


@pytest.fixture
def publisher(rabbit: Rabbit) -> Iterator[Publisher]:
    publisher = Publisher()
    yield publisher
    publisher.close()


def say(count: int = 1) -> None:
    """Say so many messages, in one transaction."""
    with transaction.atomic():
        outbox.say_all([(KIND, new_id(), 1, PERSON) for _ in range(count)])


def eventually(look: Callable[[], Any], wanted: Any = True) -> None:
    """Look until it is as wanted."""
    waiting = threading.Event()
    for _ in range(600):
        if (found := look()) == wanted:
            return
        waiting.wait(0.05)
    assert found == wanted
