import json
from datetime import timedelta
from threading import Event
from uuid import UUID

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from frontrow.chassis import broker, handover, listener, outbox, work
from frontrow.chassis.ids import new_id
from frontrow.chassis.message import Message
from frontrow.chassis.models import MAY_WAIT, Delivery, Heard, Outbox
from frontrow.chassis.pressure import Pressure
from frontrow.courtesy import TELLING
from frontrow.listeners import LISTENERS

pytestmark = pytest.mark.django_db
KIND = "user.updated.v1"
PERSON = {
    "userId": "0198c5a0-0000-7000-8000-000000000002", "username": "ben", "email": "ben@example.org",
    "profileInfo": {}, "version": 2,
}  # fmt: skip


class Heard2:
    """Two listeners, 'left' and 'right', that write down what they hear, and fail when told to."""

    def __init__(self):
        self.heard = []
        self.failing = set()

    def of(self, name):
        def handler(message):
            self.heard.append((name, message.data["version"]))
            if name in self.failing:
                raise RuntimeError(f"{name} does not feel like it")

        handler.__module__ = f"frontrow.services.{name}.handlers"
        return handler


@pytest.fixture
def ears(monkeypatch):
    monkeypatch.setattr(listener, "_handlers", {})
    ears = Heard2()
    listener.hears(KIND)(ears.of("left"))
    listener.hears(KIND)(ears.of("right"))
    return ears


def say(version=1):
    with transaction.atomic():
        outbox.say(KIND, UUID(PERSON["userId"]), version, {**PERSON, "version": version})


def deliver_all(now=None):
    while handover.deliver(now or timezone.now()):
        pass


def test_a_message_is_handed_to_each_listener_once(ears):
    say()
    outbox.relay()
    deliver_all()
    assert sorted(ears.heard) == [("left", 1), ("right", 1)]
    assert not Outbox.objects.exists()
    assert not Delivery.objects.exists()


@pytest.fixture
def together(monkeypatch):
    """A listener that takes many at once; how many each time, and which versions it cannot bear among others."""
    calls, alone = [], set()

    def handler(messages):
        versions = [message.data["version"] for message in messages]
        calls.append(versions)
        if alone & {*versions} and len(versions) > 1:
            raise RuntimeError("not in company")

    handler.__module__ = "frontrow.services.left.handlers"
    monkeypatch.setattr(listener, "_handlers", {})
    listener.hears_together(KIND)(handler)
    return calls, alone


def test_what_can_be_heard_together_is(together):
    calls, _ = together
    for version in range(1, 6):
        say(version)
    outbox.relay()
    assert handover.deliver(timezone.now()) == 5
    assert calls == [[1, 2, 3, 4, 5]]
    assert Heard.objects.count() == 5
    assert not Delivery.objects.exists()


def test_what_cannot_be_heard_in_company_is_heard_alone_and_each_once(together):
    calls, alone = together
    alone.add(2)
    for version in range(1, 4):
        say(version)
    outbox.relay()
    deliver_all()
    done = [versions for versions in calls if not (alone & {*versions} and len(versions) > 1)]
    assert sorted(version for versions in done for version in versions) == [1, 2, 3]
    assert not Delivery.objects.exists()


def test_what_is_rolled_back_was_never_said(ears):
    with transaction.atomic():
        outbox.say(KIND, new_id(), 1, PERSON)
        transaction.set_rollback(True)
    assert outbox.relay() == 0


def test_what_the_transport_did_not_take_stays(ears):
    def away(messages):
        raise ConnectionError

    say()
    with pytest.raises(ConnectionError):
        outbox.relay(away)
    assert outbox.relay() == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_said_outside_a_transaction():
    with pytest.raises(transaction.TransactionManagementError):
        outbox.say(KIND, new_id(), 1, PERSON)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_heard_outside_a_transaction(ears):
    with pytest.raises(transaction.TransactionManagementError):
        listener.hear("left", Message(new_id(), KIND, new_id(), 1, timezone.now(), "", PERSON))


def test_a_listener_that_fails_keeps_no_other_from_hearing(ears):
    ears.failing = {"left"}
    say()
    outbox.relay()
    deliver_all()
    assert ("right", 1) in ears.heard
    waiting = Delivery.objects.get()
    assert (waiting.listener, waiting.attempts) == ("left", 1)
    assert "does not feel like it" in waiting.error


def test_a_failure_is_tried_again_later_until_it_succeeds(ears):
    ears.failing = {"left"}
    say()
    outbox.relay()
    deliver_all()
    now = timezone.now()
    assert not handover.deliver(now)
    ears.failing = set()
    assert handover.deliver(now + timedelta(seconds=1))
    assert not Delivery.objects.exists()


def test_a_failed_effect_is_rolled_back_with_its_mark(ears, monkeypatch):
    def half(message):
        Heard.objects.create(listener="half", message_id=new_id(), heard_at=timezone.now())
        raise RuntimeError

    half.__module__ = "frontrow.services.left.handlers"
    monkeypatch.setattr(listener, "_handlers", {("left", KIND): half})
    say()
    outbox.relay()
    deliver_all()
    assert not Heard.objects.exists()


def test_a_broken_statement_of_a_handler_leaves_the_failure_recorded(ears, monkeypatch):
    def broken(message):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    broken.__module__ = "frontrow.services.left.handlers"
    monkeypatch.setattr(listener, "_handlers", {("left", KIND): broken})
    say()
    outbox.relay()
    deliver_all()
    assert "division by zero" in Delivery.objects.get().error


def test_after_too_many_failures_a_message_is_parked_counted_and_left_alone(ears, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"message_attempts": 3})
    ears.failing = {"left"}
    say()
    outbox.relay()
    now = timezone.now()
    for _ in range(5):
        deliver_all(now)
        now += timedelta(minutes=10)
    parked = Delivery.objects.get()
    assert (parked.attempts, parked.parked_at is not None) == (3, True)
    assert ears.heard.count(("left", 1)) == 3
    handover.measure()
    assert handover.metrics.MESSAGES_PARKED.labels("left")._value.get() == 1


def test_the_waits_double_up_to_five_minutes():
    waits = [handover.wait_after(n).total_seconds() for n in (1, 2, 3, 9, 10, 11, 10_000)]
    assert waits == [0.5, 1, 2, 128, 256, 300, 300]


def test_hearing_twice_is_boring(ears):
    message = Message(new_id(), KIND, new_id(), 1, timezone.now(), "", {**PERSON, "version": 1})
    for _ in range(3):
        with transaction.atomic():
            listener.hear("left", message)
    assert ears.heard == [("left", 1)]


def test_a_message_of_a_clock_that_is_ahead_is_handed_over_now(ears):
    say()
    Outbox.objects.update(created_at=timezone.now() + timedelta(hours=1))
    outbox.relay()
    deliver_all()
    assert len(ears.heard) == 2


def test_a_message_travels_unchanged(ears):
    message = Message(new_id(), KIND, new_id(), 7, timezone.now(), "request-1", PERSON)
    assert Message.opened(message.envelope()) == message


@pytest.mark.parametrize("request_id", ["request-1", 'a "quoted" \\ one', "ümlaut", ""])
@pytest.mark.parametrize("name", ["ben", 'Zoë "☂" \\\n'])
def test_as_text_a_message_is_the_same_whether_its_facts_were_read_or_not(request_id, name):
    facts = {**PERSON, "username": name}
    for known in (facts, json.dumps(facts), json.dumps(facts, ensure_ascii=False)):
        message = Message(new_id(), KIND, new_id(), 7, timezone.now(), request_id, known)
        assert json.loads(message.text()) == message.envelope()
        assert message.data == facts


def test_a_message_carries_the_id_of_the_request_that_caused_it(nobody):
    body = {"username": "ben", "email": "ben@example.org", "password": "correct horse"}
    nobody.post("/register", body, **{"X-Request-ID": "the-very-request"})
    assert Outbox.objects.get().request_id == "the-very-request"


def test_a_service_hears_a_type_in_one_place_only(ears):
    with pytest.raises(ValueError, match="twice"):
        listener.hears(KIND)(ears.of("left"))


def test_old_marks_are_forgotten(ears):
    now = timezone.now()
    for days in (1, 20):
        Heard.objects.create(listener="left", message_id=new_id(), heard_at=now - timedelta(days=days))
    assert listener.forget_before(now - timedelta(days=14)) == 1


def test_an_outbox_id_is_used_once():
    say()
    row = Outbox.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Outbox.objects.bulk_create([row])


def said(kind, **later):
    with transaction.atomic():
        outbox.say(kind, new_id(), 2, PERSON)
    Outbox.objects.filter(type=kind).update(created_at=timezone.now() + timedelta(**later))


def relayed(**given):
    got = []
    outbox.relay(lambda messages: got.extend(message.type for message in messages), **given)
    return got


@pytest.mark.parametrize("kind", MAY_WAIT)
def test_while_the_processors_are_full_news_let_all_others_pass(kind):
    said(kind)
    said(KIND)
    assert relayed(is_full=lambda: True) == [KIND]
    assert relayed(is_full=lambda: True) == []
    assert Outbox.objects.get().type == kind
    assert relayed(is_full=lambda: False) == [kind]


@pytest.mark.parametrize("kind", MAY_WAIT)
def test_news_wait_so_long_and_no_longer(kind):
    longest = settings.ENVIRONMENT.news_wait_seconds
    said(kind, seconds=-(longest - 5))
    assert relayed(is_full=lambda: True) == []
    said(kind, seconds=-longest)
    assert relayed(is_full=lambda: True) == [kind, kind]


@pytest.fixture
def full(monkeypatch):
    monkeypatch.setattr(Pressure, "felt", lambda _: True)
    said(MAY_WAIT[0])
    said(KIND)
    yield
    assert relayed() == [MAY_WAIT[0]]


@pytest.mark.usefixtures("full")
def test_in_one_process_the_relay_knows_that_the_processors_are_full(ears):
    assert work._in_process(Pressure())
    deliver_all()
    assert sorted(ears.heard) == [("left", 2), ("right", 2)]


@pytest.mark.usefixtures("full")
def test_so_does_the_one_to_the_broker(monkeypatch):
    got = []

    class Publisher:
        def publish(self, messages):
            got.extend(message.type for message in messages)

        def close(self): ...

    monkeypatch.setattr(broker, "Publisher", Publisher)
    monkeypatch.setattr(work, "_loop", lambda step, *_: step())
    work._relay(Event())
    assert got == [KIND]


def test_what_is_told_at_once_goes_in_order():
    for kind in (*MAY_WAIT, KIND):
        said(kind)
    assert relayed() == [*MAY_WAIT, KIND]


def test_only_messages_for_who_tells_may_wait():
    for name, kinds in LISTENERS.items():
        assert name in TELLING or not {*MAY_WAIT} & {*kinds}


def test_what_may_not_wait_is_found_at_once_however_much_waits():
    """By an index of it alone."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {outbox.TAKE}", [1, False, 1])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "chassis_outbox_urgent" in plan
