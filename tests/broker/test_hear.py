"""Whatever happens between the broker and a listener, its effect is made once."""

import json
import threading
from collections import Counter

import pytest
from amqp import Message as Frame
from django.db import OperationalError, transaction
from django.utils import timezone

from frontrow import dead_letters
from frontrow.chassis import broker, handover, listener, receiver
from frontrow.chassis.ids import new_id
from frontrow.chassis.message import Message
from frontrow.chassis.models import Delivery, Outbox

from .conftest import KIND, PERSON, eventually, say

pytestmark = pytest.mark.django_db(transaction=True)


def ill(message):
    raise RuntimeError("not today")


def ready(service: str) -> int:
    """How many wait in the broker for a service: in its queue, and among its dead letters."""
    with broker.connect() as connection, connection.channel() as channel:
        queues = (f"frontrow.{service}", f"frontrow.{service}.dead")
        return sum(channel.queue_declare(name, passive=True).message_count for name in queues)


def publish(body: str, **properties) -> None:
    """Something that no service of ours says."""
    with broker.connect() as connection, connection.channel() as channel:
        channel.confirm_select()
        channel.basic_publish(Frame(body, **properties), "", "frontrow.left")
        channel.wait([(60, 80)])


def test_one_bad_message_of_a_bundle_holds_up_no_other(background, ears):
    """Those that can be applied are, the one that fails waits, and what is no message at all is parked."""
    bad = new_id()
    envelopes = [envelope(each) for each in (new_id(), bad, new_id())]
    odd = {**envelope(bad_name := new_id()), "data": {"username": "\0"}}
    ears.moods["left"] = lambda message: ill(message) if message.id in {bad, bad_name} else None
    publish(json.dumps([*envelopes, odd]))
    background.begin()
    eventually(lambda: Delivery.objects.count(), 2)
    assert {str(each) for each in ears.by("left")} == {envelopes[0]["id"], envelopes[2]["id"]}
    kept = {each.message_id: each for each in Delivery.objects.all()}
    assert kept[bad].message["id"] == str(bad)
    assert kept[bad_name].message["type"] == "unreadable"
    assert kept[bad_name].parked_at


def test_what_is_applied_together_is_applied_once_and_singly_after_a_fault(background, ears, monkeypatch):
    calls = []

    def together(messages):
        calls.append(len(messages))
        if len(messages) > 1:
            raise RuntimeError("not all at once")
        transaction.on_commit(lambda: ears.heard.append(("left", messages[0].id)))

    monkeypatch.setitem(listener._handlers, ("left", KIND), listener.Together(together))
    bundle = [envelope(new_id()) for _ in range(3)]
    publish(json.dumps([*bundle, bundle[0]]))
    background.begin()
    eventually(lambda: len(ears.by("left")), 3)
    eventually(lambda: ready("left"), 0)
    assert calls == [4, 1, 1, 1]
    assert not Delivery.objects.exists()


def envelope(message_id):
    return {"id": str(message_id), "type": KIND, "key": str(new_id()), "version": 1, "request_id": "",
            "time": timezone.now().isoformat(), "data": PERSON}  # fmt: skip


def test_every_listener_hears_each_message_once(background, ears):
    background.begin()
    say(300)
    eventually(lambda: len(ears.heard), 600)
    assert max(Counter(ears.heard).values()) == 1
    background.end()
    assert (ready("left"), ready("right")) == (0, 0)
    assert not Outbox.objects.exists()


def test_several_processes_share_the_messages(background, ears, rabbit):
    others = [type(background)() for _ in range(2)]
    for each in (background, *others):
        each.begin()
    say(300)
    eventually(lambda: len(ears.heard), 600)
    for each in others:
        each.end()
    assert max(Counter(ears.heard).values()) == 1


def test_who_starts_late_has_missed_nothing(background, ears, settings):
    settings.SERVICES = ["left"]
    background.begin()
    say(3)
    eventually(lambda: len(ears.by("left")), 3)
    background.end()
    settings.SERVICES = ["right"]
    background.begin()
    eventually(lambda: len(ears.by("right")), 3)


def test_a_listener_that_fails_holds_up_nobody_and_hears_it_later(background, ears):
    ears.moods["left"] = ill
    background.begin()
    say(2)
    eventually(lambda: len(ears.by("right")), 2)
    eventually(lambda: Delivery.objects.filter(listener="left").count(), 2)
    assert ready("left") == 0
    del ears.moods["left"]
    eventually(lambda: len(ears.by("left")), 2)
    eventually(lambda: Delivery.objects.count(), 0)


def test_a_failed_message_that_comes_again_waits_once(background, ears):
    ears.moods["left"] = ill
    background.begin()
    say()
    eventually(lambda: Delivery.objects.exclude(parked_at=None).count(), 1)
    publish(json.dumps(Delivery.objects.get().message))
    eventually(lambda: ready("left"), 0)
    say()
    eventually(lambda: Delivery.objects.exclude(parked_at=None).count(), 2)


def test_what_fails_too_often_is_parked_and_heard_when_replayed(background, ears):
    ears.moods["left"] = ill
    background.begin()
    say()
    eventually(lambda: Delivery.objects.exclude(parked_at=None).count(), 1)
    del ears.moods["left"]
    line, _ = dead_letters.listed()
    assert line.endswith("RuntimeError: not today")
    list(dead_letters.replayed(["all"], timezone.now()))
    eventually(lambda: len(ears.by("left")), 1)


@pytest.mark.parametrize(
    "body",
    [
        "not JSON", "[]", "{}", '{"id": "7"}', json.dumps({"type": KIND}), json.dumps({"type": KIND, "id": 7}),
        json.dumps(dict.fromkeys(Message.__slots__, 7)), pytest.param("[" * 100_000, id="deep"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_parked_where_it_can_be_seen(background, ears, body):
    background.begin()
    publish(body)
    eventually(lambda: Delivery.objects.exclude(parked_at=None).count(), 1)
    (shown,) = dead_letters.shown([f"left/{Delivery.objects.get().message_id}"])
    assert json.loads(shown)["message"] == {"type": "unreadable", "body": body}
    assert "rejected" in json.loads(shown)["error"]
    say()
    eventually(lambda: len(ears.heard), 2)
    background.end()
    assert ready("left") == 0


@pytest.mark.parametrize("data", ["hello", "5", "{}", 7, None, []])
def test_what_tells_no_facts_is_parked_and_holds_up_nobody(background, ears, data):
    background.begin()
    odd = {"id": str(new_id()), "type": KIND, "key": str(new_id()), "version": 1, "request_id": "",
           "time": timezone.now().isoformat(), "data": data}  # fmt: skip
    publish(json.dumps(odd))
    eventually(lambda: Delivery.objects.exclude(parked_at=None).count(), 1)
    assert Delivery.objects.get().message == odd
    say()
    eventually(lambda: len(ears.heard), 2)


@pytest.mark.parametrize("name", ["\0", "\ud800", float("nan"), float("inf")], ids=ascii)
def test_what_the_database_cannot_keep_is_parked_as_text(background, ears, name):
    ears.moods["left"] = ill
    background.begin()
    odd = json.dumps({"id": str(new_id()), "type": KIND, "key": str(new_id()), "version": 1, "request_id": "",
                      "time": timezone.now().isoformat(), "data": {"username": name}})  # fmt: skip
    publish(odd)
    eventually(lambda: Delivery.objects.filter(message__type="unreadable").count(), 1)
    kept = Delivery.objects.get()
    body = json.loads(kept.message["body"])
    assert repr(body["data"]["username"]) == repr(name)
    assert str(kept.message_id) == body["id"]
    del ears.moods["left"]
    say()
    eventually(lambda: len(ears.by("left")), 1)


def test_what_says_of_itself_what_is_not_so_holds_up_nobody(background, ears):
    background.begin()
    publish("not JSON", application_headers={"compression": "of no kind", "x-first-death-reason": "\0"})
    eventually(lambda: Delivery.objects.exclude(parked_at=None).count(), 1)
    say()
    eventually(lambda: len(ears.by("left")), 1)


def test_what_ends_every_process_that_takes_it_is_given_up_and_parked(background, ears, settings):
    settings.SERVICES = ["right"]
    background.begin()
    say()
    eventually(lambda: len(ears.by("right")), 1)
    background.end()
    for _ in range(broker.DELIVERIES + 1):
        with broker.connect() as connection, connection.channel() as channel:
            eventually(lambda channel=channel: channel.basic_get("frontrow.left") is not None)
    settings.SERVICES = ["left"]
    background.begin()
    eventually(lambda: Delivery.objects.exclude(parked_at=None).count(), 1)
    assert "delivery_limit" in Delivery.objects.get().error
    list(dead_letters.replayed(["all"], timezone.now()))
    eventually(lambda: len(ears.by("left")), 1)


def test_while_the_database_is_away_a_message_waits_in_hand(background, ears, monkeypatch):
    receive, attempts = handover.receive, []
    monkeypatch.setattr(receiver, "LONGEST_WAIT", 0.01)

    def flaky(*given):
        attempts.append(given)
        if len(attempts) < 3 * broker.DELIVERIES:
            raise OperationalError("the server closed the connection")
        receive(*given)

    monkeypatch.setattr(handover, "receive", flaky)
    background.begin()
    say()
    eventually(lambda: len(ears.heard), 2)
    assert not Delivery.objects.exists()


def test_while_the_database_is_away_for_long_the_message_is_not_given_back(
    background, ears, settings, monkeypatch
):
    """Given back every other minute, it would be given up after twenty, and so parked by an outage."""
    receive, connect, attempts, connections = handover.receive, broker.connect, [], []
    monkeypatch.setattr(receiver, "HEARTBEAT", 3)
    monkeypatch.setattr(receiver, "LONGEST_WAIT", 0.1)
    settings.SERVICES = ["left"]

    def away(*given):
        attempts.append(given)
        if len(attempts) < 100:  # which takes longer than any heartbeat may
            raise OperationalError("the server closed the connection")
        receive(*given)

    def connected(*heartbeat):
        connections.extend(heartbeat)
        return connect(*heartbeat)

    monkeypatch.setattr(handover, "receive", away)
    monkeypatch.setattr(broker, "connect", connected)
    background.begin()
    say()
    eventually(lambda: len(ears.by("left")), 1)
    assert connections == [3]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_was_in_hand_when_its_process_ended_is_heard_by_the_next(background, ears):
    def end(message):
        raise SystemExit

    ears.moods["left"] = end
    background.begin()
    say()
    eventually(lambda: [thread.is_alive() for thread in background.threads].count(False), 1)
    background.end()
    del ears.moods["left"]
    background.begin()
    eventually(lambda: len(ears.by("left")), 1)


def test_a_commit_whose_acknowledgement_was_lost_is_not_repeated(background, ears):
    say()
    background.begin()
    eventually(lambda: len(ears.heard), 2)
    background.end()
    message_id = ears.heard[0][1]
    again = {"id": str(message_id), "type": KIND, "key": str(new_id()), "version": 1, "request_id": "",
             "time": timezone.now().isoformat(), "data": PERSON}  # fmt: skip
    publish(json.dumps(again))
    background.begin()
    eventually(lambda: ready("left"), 0)
    say()
    for service in ("left", "right"):
        eventually(lambda service=service: len(ears.by(service)), 2)


def test_what_is_in_hand_is_finished_and_the_rest_is_given_back(background, ears, rabbit):
    began, go_on = threading.Event(), threading.Event()

    def slow(message):
        began.set()
        assert go_on.wait(30)

    ears.moods["left"] = slow
    background.begin()
    say()
    assert began.wait(30)
    say(4)
    eventually(lambda: Outbox.objects.count(), 0)
    background.stop.set()
    go_on.set()
    background.end()
    assert len(ears.by("left")) == 1
    assert ready("left") > 0
    background.begin()
    eventually(lambda: len(ears.by("left")), 5)


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_after_an_outage_of_the_broker_everything_arrives_once(background, ears, rabbit, way):
    background.begin()
    say(20)
    eventually(lambda: len(ears.heard), 40)
    getattr(rabbit, way)()
    say(20)
    rabbit.start()
    say(20)
    eventually(lambda: len(ears.heard), 120)
    assert max(Counter(ears.heard).values()) == 1
