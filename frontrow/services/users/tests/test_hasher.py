"""Hashing under a flood: one at a time, behind all else, a few may wait, and nobody for long."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from frontrow.chassis.refusals import Unavailable
from frontrow.services.users import passwords
from frontrow.services.users.passwords import Hasher
from frontrow.services.users.tests.people import PASSWORD


class Held:
    """Work that goes on until it is let go."""

    def __init__(self):
        self.began, self.goes_on = threading.Event(), threading.Event()

    def __call__(self):
        self.began.set()
        assert self.goes_on.wait(60)
        return "done"


@pytest.fixture
def held():
    work = Held()
    yield work
    work.goes_on.set()


@pytest.fixture
def crowd():
    with ThreadPoolExecutor(8) as threads:
        yield threads


def test_it_gives_what_the_work_gives_and_raises_what_it_raises():
    hasher = Hasher(1)
    assert hasher.do(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        hasher.do(lambda: 1 / 0)
    assert hasher.do(lambda: 8) == 8


def test_it_works_at_a_lower_priority_and_nobody_else_does():
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    inside = Hasher(1).do(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert inside == before + passwords.COURTESY
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_one_is_done_at_a_time(crowd, held):
    hasher, others = Hasher(8), []
    first = crowd.submit(hasher.do, held)
    held.began.wait(60)
    second = crowd.submit(hasher.do, lambda: others.append("second"))
    assert not others
    held.goes_on.set()
    second.result(60)
    assert (first.result(60), others) == ("done", ["second"])


def test_when_its_places_are_taken_the_next_is_refused_at_once(crowd, held):
    hasher = Hasher(2)
    waiting = [crowd.submit(hasher.do, held)]
    held.began.wait(60)
    hasher.expect_turn()
    waiting.append(crowd.submit(hasher.do, lambda: "second"))
    while hasher.places._value:  # until it has its place
        threading.Event().wait(0.001)
    for ask in (hasher.expect_turn, lambda: hasher.do(lambda: pytest.fail("it was done"))):
        with pytest.raises(Unavailable) as refused:
            ask()
        assert refused.value.answer()["Retry-After"] == "2"
    held.goes_on.set()
    assert [each.result(60) for each in waiting] == ["done", "second"]
    hasher.expect_turn()


def test_who_is_not_begun_in_time_is_refused_and_costs_nothing_later(crowd, held, monkeypatch):
    monkeypatch.setattr(passwords, "PATIENCE_SECONDS", 0.01)
    hasher, done = Hasher(2), []
    first = crowd.submit(hasher.do, held)
    held.began.wait(60)
    with pytest.raises(Unavailable):
        hasher.do(lambda: done.append("late"))
    held.goes_on.set()
    assert first.result(60) == "done"  # what was begun is waited for
    assert hasher.do(lambda: "next") == "next"
    assert done == []


def test_at_most_half_of_the_servers_threads_wait(settings):
    passwords.hasher.cache_clear()
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"threads": 16})
    assert passwords.hasher().places._value == 8
    passwords.hasher.cache_clear()


@pytest.mark.django_db
class TestSigningIn:
    @pytest.fixture
    def full(self, monkeypatch, account):
        hasher = Hasher(1)
        monkeypatch.setattr(passwords, "hasher", lambda: hasher)
        hasher.places.acquire()
        return hasher

    @pytest.mark.parametrize("login", ["ada", "nobody"])
    def test_in_a_crowd_known_and_unknown_people_are_told_to_come_again(self, full, nobody, login):
        answer = nobody.client.post("/login", {"username": login, "password": PASSWORD}, "application/json")
        assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "2")

    def test_then_nothing_is_asked_of_the_database(self, full, sign_in, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert sign_in()[0] == 503

    def test_who_is_told_to_come_again_counts_as_nobody(self, full, sign_in):
        assert {sign_in(password="wrong")[0] for _ in range(20)} == {503}
        full.places.release()
        assert sign_in()[0] == 200

    def test_unknown_people_take_the_same_turn_as_known_ones(self, account, sign_in, monkeypatch):
        sign_in("nobody", "wrong")  # the first time it also makes the hash to compare with
        turns = []
        do = Hasher.do
        monkeypatch.setattr(Hasher, "do", lambda hasher, work: turns.append(1) or do(hasher, work))
        for login in ("ada", "nobody"):
            turns.clear()
            assert sign_in(login, "wrong")[0] == 401
            assert turns == [1], login
