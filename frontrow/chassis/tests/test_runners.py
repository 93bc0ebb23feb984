"""Several processes may relay, deliver and keep time at once: real threads on a real database."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from prometheus_client import REGISTRY

from frontrow.chassis import handover, listener, outbox, periodic, work
from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Delivery, Job, Outbox

pytestmark = pytest.mark.django_db(transaction=True)
KIND = "user.updated.v1"
PERSON = {
    "userId": "0198c5a0-0000-7000-8000-000000000002", "username": "ben", "email": "ben@example.org",
    "profileInfo": {}, "version": 1,
}  # fmt: skip


@pytest.fixture
def heard(monkeypatch):
    """What a single listener heard, in the order in which its effects were made."""
    found = []

    def handler(message):
        found.append(message.id)

    handler.__module__ = "frontrow.services.somebody.handlers"
    monkeypatch.setattr(listener, "_handlers", {("somebody", KIND): handler})
    return found


@pytest.mark.parametrize(("seconds", "rest"), [((0.5, 15), 0.5), ((60,), 1), ((3600, 1), 1), ((), 1)])
def test_a_thread_looks_away_for_no_longer_than_its_work_or_its_end_may_wait(tasks, seconds, rest):
    for number, each in enumerate(seconds):

        def task(now): ...

        task.__name__ = f"task_{number}"
        periodic.every(seconds=each)(task)
    assert periodic.rest_of(periodic.CLOCK) == rest


@pytest.fixture
def tasks(monkeypatch):
    monkeypatch.setattr(periodic, "_tasks", {})
    return periodic._tasks


def together(call, threads=8):
    def run(_):
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def say(count):
    with transaction.atomic():
        outbox.say_all([(KIND, new_id(), 1, PERSON) for _ in range(count)])


def test_eight_relays_and_deliverers_hand_each_message_over_once(heard):
    say(300)

    def everything():
        while outbox.relay() or handover.deliver(timezone.now()):
            pass

    together(everything)
    together(everything)
    assert max(Counter(heard).values()) == 1
    assert len(heard) == 300
    assert not Outbox.objects.exists()
    assert not Delivery.objects.exists()


def test_periodic_work_runs_once_however_many_runners_there_are(tasks):
    runs = []

    def sweep(now):
        runs.append(now)

    periodic.every(seconds=10)(sweep)
    now = timezone.now()
    for step in range(3):
        together(lambda step=step: periodic.run_due(now + timedelta(seconds=10 * step)))
        assert len(runs) == step + 1


def test_what_only_measures_runs_in_every_process(tasks):
    runs = []

    def measure(now):
        runs.append(now)

    periodic.every(seconds=10, everywhere=True)(measure)
    one, other, now = periodic.Rota(), periodic.Rota(), timezone.now()
    for rota in (one, other, one, other):
        rota.run_due(now)
    assert runs == [now, now]


def test_what_measures_for_long_rests_for_longer(tasks, monkeypatch):
    steady, runs = iter([0, 3, 100, 152, 154, 155]), []  # a look takes three seconds
    monkeypatch.setattr(periodic, "monotonic", lambda: next(steady))

    def measure(now):
        runs.append(now)

    periodic.every(seconds=30, everywhere=True)(measure)
    rota, now = periodic.Rota(), timezone.now()
    for seconds in (0, 100, 152, 190):
        rota.run_due(now + timedelta(seconds=seconds))
    assert [(run - now).seconds for run in runs] == [0, 190]


def test_a_task_that_never_failed_tells_that(tasks):
    def sweep(now):
        raise AssertionError

    periodic.every(seconds=10)(sweep)
    labels = {"task": "tests.sweep", "outcome": "failed"}
    assert REGISTRY.get_sample_value("frontrow_job_runs_total", labels) == 0


def test_work_that_fails_stops_no_other_and_gets_its_next_turn(tasks):
    runs = []

    def broken(now):
        runs.append("broken")
        raise RuntimeError

    def sound(now):
        runs.append("sound")

    periodic.every(seconds=1)(broken)
    periodic.every(seconds=1)(sound)
    now = timezone.now()
    periodic.run_due(now)
    periodic.run_due(now + timedelta(seconds=1))
    assert runs == ["broken", "sound"] * 2


def test_a_clock_put_back_does_not_stop_periodic_work(tasks):
    runs = []

    def sweep(now):
        runs.append(now)

    periodic.every(seconds=10)(sweep)
    rota, now = periodic.Rota(), timezone.now()
    rota.run_due(now)
    rota.run_due(now - timedelta(days=1))
    assert len(runs) == 2


def test_a_runner_asks_the_database_once_an_interval(tasks, django_assert_num_queries):
    periodic.every(seconds=10)(lambda now: None)
    rota, now = periodic.Rota(), timezone.now()
    rota.run_due(now)
    with django_assert_num_queries(0):
        rota.run_due(now + timedelta(seconds=9))
    assert Job.objects.get().next_at == now + timedelta(seconds=10)


def test_the_background_relays_delivers_and_ends_when_told(heard, tasks):
    ran, stop = threading.Event(), threading.Event()
    periodic.every(seconds=1)(lambda now: ran.set())
    threads = work.start(stop)
    try:
        say(3)
        assert ran.wait(20)
        for _ in range(200):
            if len(heard) == 3:
                break
            stop.wait(0.1)
    finally:
        stop.set()
        outbox.NEWS.set()
        for thread in threads:
            thread.join(20)
    assert len(heard) == 3
    assert not any(thread.is_alive() for thread in threads)


def test_work_that_waits_for_others_keeps_nothing_waiting(tasks):
    answered, ran, stop = threading.Event(), threading.Event(), threading.Event()

    def asks_far_away(now):
        answered.wait(60)

    periodic.every(seconds=1, alone=True)(asks_far_away)
    periodic.every(seconds=1)(lambda now: ran.set())
    threads = work.start(stop)
    try:
        assert ran.wait(20)
        ran.clear()
        assert ran.wait(20)
    finally:
        stop.set()
        answered.set()
        outbox.NEWS.set()
        for thread in threads:
            thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def test_the_background_outlives_a_lost_connection(heard, tasks):
    stop, lost = threading.Event(), threading.Event()

    def cut_the_line(now):
        lost.set()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    periodic.every(seconds=1)(cut_the_line)
    threads = work.start(stop)
    try:
        assert lost.wait(20)
        tasks.clear()
        again = threading.Event()
        periodic.every(seconds=1)(lambda now: again.set())
        assert again.wait(20)
    finally:
        stop.set()
        outbox.NEWS.set()
        for thread in threads:
            thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
