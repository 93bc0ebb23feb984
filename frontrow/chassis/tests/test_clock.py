"""The time is the database's: a machine's clock may be wrong, or jump."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone

from frontrow.chassis import clock

pytestmark = pytest.mark.django_db
WRONG = (timedelta(hours=-3), timedelta(days=400))


@pytest.fixture(autouse=True)
def _of_the_process_afterwards():
    clock.share()
    yield
    clock.alone()


def of_the_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def between(before, after):
    return before - timedelta(seconds=1) <= clock.now() <= after + timedelta(seconds=1)


@pytest.mark.parametrize("wrong", WRONG)
def test_however_wrong_a_machine_is_its_processes_go_by_the_database(wrong):
    with time_machine.travel(datetime.now(UTC) + wrong):
        before = of_the_database()
        clock.ask(connection)
        assert between(before, of_the_database())
        assert abs(timezone.now() - clock.now()) > abs(wrong) / 2


@pytest.mark.parametrize("wrong", WRONG)
def test_a_process_that_begins_on_a_wrong_machine_asks_before_it_acts(wrong):
    with time_machine.travel(datetime.now(UTC) + wrong):
        assert not clock.is_known()
        assert between(of_the_database(), of_the_database())


def test_whoever_cannot_ask_yet_is_not_told_the_machines(monkeypatch):
    def away():
        raise OperationalError("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "ensure_connection", away)
        with pytest.raises(OperationalError):
            clock.now()


@pytest.mark.parametrize("wrong", WRONG)
def test_a_clock_that_jumps_later_moves_nothing(wrong):
    clock.ask(connection)
    with time_machine.travel(datetime.now(UTC) + wrong):
        before = of_the_database()
        assert between(before, of_the_database())


@pytest.mark.parametrize("wrong", WRONG)
def test_in_seconds_it_is_the_same(wrong):
    with time_machine.travel(datetime.now(UTC) + wrong):
        first = clock.seconds()  # nobody knows it yet
        before, found, after = clock.now(), clock.seconds(), clock.now()
        rounding = 1e-3
        assert first - rounding <= before.timestamp() <= found + rounding <= after.timestamp() + 2 * rounding


def test_it_goes_on():
    clock.ask(connection)
    first = clock.now()
    time.sleep(0.01)
    assert clock.now() > first


def test_without_a_database_it_is_the_machines():
    clock.alone()
    with time_machine.travel(datetime(2030, 4, 1, tzinfo=UTC), tick=False):
        assert clock.now() == datetime(2030, 4, 1, tzinfo=UTC)
        assert clock.seconds() == datetime(2030, 4, 1, tzinfo=UTC).timestamp()


def test_a_wrong_machine_is_told_of(lines):
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        clock.ask(connection)
    (said,) = [line for line in lines() if line["event"] == "clock_is_wrong"]
    assert 3590 < said["seconds"] < 3610


class Slow:
    """A connection of which so many answers take long, and come from another time."""

    def __init__(self, times):
        self.connection = self
        self.times = times

    def cursor(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def execute(self, _):
        self.times -= 1
        if self.times >= 0:
            time.sleep(clock.SURE + 0.05)
        return self

    def fetchone(self):
        return (datetime(2000, 1, 1, tzinfo=UTC) if self.times >= 0 else datetime.now(UTC),)


def test_what_is_slow_is_asked_again_by_who_knows_nothing():
    clock.ask(Slow(times=1))
    assert between(of_the_database(), of_the_database())


def test_what_came_late_does_not_replace_what_is_known():
    clock.ask(connection)
    before = of_the_database()
    clock.ask(Slow(times=clock.TRIES))
    assert between(before, of_the_database())
