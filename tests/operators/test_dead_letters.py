"""Messages that were given up are seen, and once their listener is mended, handed over again, once."""

import json
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from frontrow import __main__ as command_line
from frontrow import dead_letters
from frontrow.chassis import handover, listener, metrics, outbox, parked
from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Delivery
from frontrow.chassis.parked import Name, UnknownParked

pytestmark = pytest.mark.django_db
KIND = "user.updated.v1"
PERSON = {
    "userId": "0198c5a0-0000-7000-8000-000000000002", "username": "ben", "email": "ben@example.org",
    "profileInfo": {}, "version": 2,
}  # fmt: skip


class Listeners:
    """'ill', who fails until it is healed, and 'well'."""

    def __init__(self):
        self.heard, self.is_healed = [], False

    def ill(self, message):
        if not self.is_healed:
            raise RuntimeError("not today\nnor tomorrow")
        self.heard.append(("ill", message.id))

    def well(self, message):
        self.heard.append(("well", message.id))


@pytest.fixture
def listeners(monkeypatch, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"message_attempts": 2})
    both = Listeners()
    monkeypatch.setattr(listener, "_handlers", {("ill", KIND): both.ill, ("well", KIND): both.well})
    return both


def deliver(until):
    while handover.deliver(until):
        pass


@pytest.fixture
def names(listeners):
    """Three messages, each heard by one and parked for the other."""
    with transaction.atomic():
        outbox.say_all([(KIND, new_id(), 1, PERSON) for _ in range(3)])
    outbox.relay()
    now = timezone.now()
    for hours in range(3):
        deliver(now + timedelta(hours=hours))
    assert [who for who, _ in listeners.heard] == ["well"] * 3
    return [Name("ill", message_id) for _, message_id in listeners.heard]


def test_what_is_parked_is_listed_with_its_error(names):
    *lines, last = dead_letters.listed()
    assert sorted(line.split("  ")[0] for line in lines) == sorted(str(name) for name in names)
    assert all(line.endswith("RuntimeError: not today") for line in lines)
    assert last.startswith("3 parked")


def test_nothing_parked_is_said_so():
    assert list(dead_letters.listed()) == ["No message is parked."]


def test_one_is_shown_whole(names):
    (text,) = dead_letters.shown([str(names[1])])
    told = json.loads(text)
    assert told["name"] == str(names[1])
    assert told["message"]["data"] == PERSON
    assert "nor tomorrow" in told["error"]
    assert told["attempts"] == 2


def test_replayed_after_the_cause_was_mended_it_is_applied_once_and_the_others_wait(names, listeners):
    listeners.is_healed = True
    assert parked.replay([names[0]], timezone.now()) == 1
    for _ in range(3):
        deliver(timezone.now() + timedelta(hours=9))
    assert listeners.heard.count(tuple(names[0])) == 1
    assert {each.message_id for each in parked.listed()} == {name.message_id for name in names[1:]}


def test_all_can_be_replayed(names, listeners):
    listeners.is_healed = True
    assert list(dead_letters.replayed(["all"], timezone.now())) == [
        "3 messages will be handed over again while Frontrow runs."
    ]
    deliver(timezone.now())
    assert sorted(listeners.heard[3:]) == sorted(map(tuple, names))
    handover.measure()
    (gauge,) = metrics.MESSAGES_PARKED.collect()
    assert {sample.value for sample in gauge.samples} == {0}


def test_replayed_too_early_it_has_all_its_attempts_again(names):
    parked.replay(names[:1], timezone.now())
    again = Delivery.objects.get(message_id=names[0].message_id)
    assert (again.attempts, again.parked_at) == (0, None)
    for hours in range(3):
        deliver(timezone.now() + timedelta(hours=hours))
    assert parked.find(names[0]).attempts == 2


def test_what_is_not_parked_is_never_touched(names):
    parked.replay(names[:1], timezone.now())
    Delivery.objects.filter(message_id=names[0].message_id).update(attempts=1)
    assert parked.replay_all(timezone.now()) == 2
    assert Delivery.objects.get(message_id=names[0].message_id).attempts == 1


@pytest.mark.parametrize(
    "wrong",
    ["", "ill", "ill/", "ill/1", "/", "all", "\0", "well/{}", "ill/0198c5a0-0000-7000-8000-000000000002"],
)
def test_if_one_is_not_parked_none_is_replayed(names, wrong):
    wrong = wrong.format(names[0].message_id)
    with pytest.raises(UnknownParked):
        list(dead_letters.replayed([str(names[0]), wrong], timezone.now()))
    with pytest.raises(UnknownParked):
        list(dead_letters.shown([wrong]))
    assert parked.listed().count() == 3


def test_nothing_chosen_replays_nothing(names):
    assert parked.replay([], timezone.now()) == 0


def test_naming_one_twice_is_naming_it(names):
    (told,) = dead_letters.replayed([str(names[0])] * 2, timezone.now())
    assert told.startswith("1 message will")


@pytest.mark.django_db(transaction=True)
def test_of_many_who_replay_at_once_each_message_has_one(names):
    def replay(_):
        try:
            return parked.replay_all(timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as crowd:
        assert sum(crowd.map(replay, range(8))) == 3


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line on the tests' database; its exit status, and what it said."""
    monkeypatch.setattr(logging.getLogger(), "handlers", logging.getLogger().handlers)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["frontrow", "dead-letters", *words])
        monkeypatch.setattr(command_line, "_migrate", lambda: None)
        monkeypatch.setenv("LOG_LEVEL", "WARNING")  # which the command sets: for this test only
        try:
            command_line.main()
            status = 0
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        return status, said.out, "\n".join(line for line in said.err.splitlines() if not line.startswith("{"))

    return run


def test_the_command_lists_shows_and_replays(names, run):
    assert run()[:2] == run("list")[:2]
    assert run()[1].count("RuntimeError") == 3
    assert json.loads(run("show", str(names[0]))[1])["name"] == str(names[0])
    assert run("replay", str(names[0]), str(names[1]))[:2] == (
        0, "2 messages will be handed over again while Frontrow runs.\n"
    )  # fmt: skip
    assert run("replay", "all")[1].startswith("1 message ")
    assert run()[1] == "No message is parked.\n"


@pytest.mark.parametrize(
    "words", [("replay",), ("show",), ("list", "x"), ("replay", "x"), ("show", "all"), ("replay", "all", "x")]
)
def test_the_command_refuses_in_a_sentence_what_it_cannot_do(names, run, words):
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert err.endswith(".")
    assert len(err.splitlines()) == 1
    assert parked.listed().count() == 3
