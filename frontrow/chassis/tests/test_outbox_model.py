"""Messages against a model: whatever is rolled back, fails, is lost or comes again, each is applied once."""

from collections import Counter
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from frontrow.chassis import handover, listener, outbox, parked
from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Delivery, Heard, Outbox
from tests.machines import Machine, one, pace, picks

pytestmark = pytest.mark.django_db
KIND, ATTEMPTS = "user.updated.v1", 3
LISTENERS = ("left", "right")  # which takes many at once
PERSON = {
    "userId": "0198c5a0-0000-7000-8000-000000000002", "username": "ben", "email": "ben@example.org",
    "profileInfo": {}, "version": 2,
}  # fmt: skip
ills = st.fixed_dictionaries({name: st.sampled_from([0, 0, 0, 1, 2, 3, 4]) for name in LISTENERS})


class Lost(Exception):
    """The transport took the messages, and then its answer was lost."""


def look(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


class Post(Machine):
    """Two listeners, a table and a broker between; the effect of hearing is a row."""

    @initialize()
    def begins(self):
        look("CREATE TEMPORARY TABLE applied (listener text, message uuid)")
        self.said, self.failures = (
            set(),
            Counter(),
        )  # what was committed; how often who will still fail at what
        self.queues = {name: [] for name in LISTENERS}  # of the broker
        handlers = {
            ("left", KIND): lambda message: self.apply("left", [message]),
            ("right", KIND): listener.Together(lambda messages: self.apply("right", messages)),
        }
        self.world.enter_context(mock.patch.object(listener, "_handlers", handlers))

    def apply(self, name, messages):
        for message in messages:
            look("INSERT INTO applied VALUES (%s, %s)", name, message.id)
        for message in messages:
            if self.failures[name, message.id] > 0:
                self.failures[name, message.id] -= len(messages) == 1
                raise RuntimeError("not today")

    @rule(fates=st.lists(ills, min_size=1, max_size=4), commits=st.sampled_from([True, True, False]))
    def say(self, fates, commits):
        with transaction.atomic():
            known = set(Outbox.objects.values_list("pk", flat=True))
            outbox.say_all([(KIND, new_id(), 1, PERSON) for _ in fates])
            ids = set(Outbox.objects.values_list("pk", flat=True)) - known
            transaction.set_rollback(not commits)
        self.said |= ids if commits else set()
        for message, fate in zip(sorted(ids), fates, strict=True):
            self.failures.update({(name, message): times for name, times in fate.items()})

    @rule(taken=st.booleans(), told=st.booleans(), by=st.sampled_from(["table", "broker"]))
    def relay(self, taken, told, by):
        """By the table of this process or by a broker; either may fail before, or after it took them."""

        def publish(messages):
            if taken:
                (handover.publish if by == "table" else self.send)(messages)
            if not (taken and told):
                raise Lost

        try:
            outbox.relay(publish)
        except Lost:
            return

    def send(self, messages):
        for queue in self.queues.values():
            queue.extend(messages)

    @rule(pick=picks)
    def deliver(self, pick):
        """Any of those that wait, due or not."""
        waiting = list(Delivery.objects.filter(parked_at=None).order_by("pk"))
        if waiting:
            Delivery.objects.filter(pk=one(waiting, pick).pk).update(
                next_at=timezone.now() - timedelta(days=1)
            )
            assert handover.deliver(timezone.now()) >= 1

    @precondition(lambda self: any(self.queues.values()))
    @rule(name=st.sampled_from(LISTENERS), pick=picks, many=st.integers(1, 3), acknowledged=st.booleans())
    def receive(self, name, pick, many, acknowledged):
        """Some of a queue, from any place; what is not acknowledged comes again."""
        queue = self.queues[name]
        these = slice(pick % max(1, len(queue)), pick % max(1, len(queue)) + many)
        if queue:
            handover.receive(name, queue[these], timezone.now())
        if acknowledged:
            del queue[these]

    @rule(name=st.sampled_from(LISTENERS))
    def the_broker_gives_up(self, name):
        if self.queues[name]:
            message = self.queues[name].pop(0)
            handover.park(name, message.id, message.envelope(), "The broker gave it up", timezone.now())

    @rule(seconds=st.sampled_from([1, 10]))
    def time_passes(self, seconds):
        self.pass_time(timedelta(seconds=seconds))
        while handover.deliver(timezone.now()):
            pass

    @rule()
    def replay(self):
        parked.replay_all(timezone.now())

    def applied(self):
        rows = look("SELECT listener, message FROM applied")
        assert len(rows) == len(set(rows)), "applied twice"
        return set(rows)

    @invariant()
    def nothing_is_lost_made_up_or_applied_twice(self):
        wanted = {(name, message) for name in LISTENERS for message in self.said}
        applied, said = self.applied(), set(Outbox.objects.values_list("pk", flat=True))
        coming = {(name, message.id) for name, queue in self.queues.items() for message in queue}
        coming |= set(Delivery.objects.values_list("listener", "message_id"))
        coming |= {(name, message) for name in LISTENERS for message in said}
        assert applied | coming == wanted
        assert applied == set(Heard.objects.values_list("listener", "message_id"))

    @invariant()
    def who_failed_too_often_is_parked(self):
        for each in Delivery.objects.exclude(error__startswith="The broker"):
            assert (each.attempts >= ATTEMPTS) == (each.parked_at is not None)

    def finish(self):
        """Once all are well again, and what was parked is replayed, everybody has heard everything."""
        self.failures.clear()
        while outbox.relay():
            pass
        for name, queue in self.queues.items():
            for message in queue:
                handover.receive(name, [message], timezone.now())
        parked.replay_all(timezone.now())
        self.time_passes(3600)
        assert self.applied() == {(name, message) for name in LISTENERS for message in self.said}
        assert not Delivery.objects.exists()


@pytest.fixture
def _soon_parked(settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"message_attempts": ATTEMPTS})


@pytest.mark.usefixtures("_soon_parked")
def test_whatever_happens_on_the_way_each_message_is_applied_once():
    run_state_machine_as_test(Post, settings=pace(runs=30, steps=40))
