import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import caches
from hypothesis import given
from hypothesis import strategies as st

from frontrow.chassis.limits import Limit
from frontrow.chassis.refusals import TooMany
from tests.embedded.system import wait

NOW = datetime(2030, 1, 1, 12, 0, 20, tzinfo=UTC)
THREE = Limit("test", 3, 60)


def use_up(limit, key, now=NOW):
    for _ in range(limit.most):
        limit.check(key, now)
        limit.count(key, now)


def waits(limit, key, now=NOW):
    """The seconds to wait, or 0."""
    try:
        limit.check(key, now)
    except TooMany as refusal:
        return refusal.facts["retryAfter"]
    return 0


def test_so_many_counts_pass_and_then_no_more():
    use_up(THREE, "ada")
    assert waits(THREE, "ada") > 0


def test_asking_counts_nothing():
    assert [waits(THREE, "ada") for _ in range(10)] == [0] * 10


def test_one_key_is_used_up_by_itself():
    use_up(THREE, "ada")
    assert waits(THREE, "ben") == 0


def test_limits_of_different_names_count_apart():
    use_up(THREE, "ada")
    assert waits(Limit("another", 3, 60), "ada") == 0


@pytest.mark.parametrize(("later", "seconds"), [(0, 64), (1, 63), (63, 1), (64, 0), (100, 0)])
def test_who_must_wait_is_told_until_when_and_may_go_on_then(later, seconds):
    use_up(THREE, "ada")
    assert waits(THREE, "ada", NOW + timedelta(seconds=later)) == seconds


def test_the_refusal_says_when_to_come_back():
    use_up(THREE, "ada")
    with pytest.raises(TooMany) as refused:
        THREE.check("ada", NOW)
    answer = refused.value.answer()
    assert (answer.status_code, answer["Retry-After"]) == (429, "64")
    assert b'"too_many_requests"' in answer.content


def test_two_refusals_do_not_share_their_header():
    assert [TooMany(n).answer()["Retry-After"] for n in (1, 2)] == ["1", "2"]


def test_no_window_wherever_it_begins_has_more_than_it_may():
    """A window that is fixed lets twice as many through around its end."""
    passed = []
    for second in range(400):
        now = NOW + timedelta(seconds=second)
        if not waits(THREE, "ada", now):
            THREE.count("ada", now)
            passed.append(second)
    assert max(sum(begin <= each < begin + 60 for each in passed) for begin in range(400)) == 3
    assert len(passed) >= 3 * 400 // 72  # what is forgotten is at most a part of a window old


def test_what_is_used_up_comes_back_part_by_part():
    for second in (0, 30, 55):
        THREE.count("ada", NOW + timedelta(seconds=second))
    assert waits(THREE, "ada", NOW + timedelta(seconds=56)) == 8
    assert waits(THREE, "ada", NOW + timedelta(seconds=64)) == 0
    THREE.count("ada", NOW + timedelta(seconds=64))
    assert waits(THREE, "ada", NOW + timedelta(seconds=65)) == 35


def test_a_limit_may_be_of_a_second():
    limit = Limit("short", 2, 1)
    use_up(limit, "ada")
    assert waits(limit, "ada") == 6
    assert waits(limit, "ada", NOW + timedelta(seconds=6)) == 0


@pytest.fixture
def restless():
    """Threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_counts_at_once_are_all_counted(restless):
    limit = Limit("crowd", 200, 60)
    with ThreadPoolExecutor(20) as crowd:
        list(crowd.map(lambda _: limit.count("ada", NOW), range(199)))
    assert waits(limit, "ada") == 0
    limit.count("ada", NOW)
    assert waits(limit, "ada") > 0


@pytest.fixture(params=["default", "local"])
def forgetful(request, redis, monkeypatch):
    """One of both memories forgets every key just before it is counted on."""
    memory = caches[request.param]
    counted = memory.incr

    def late(key):
        memory.delete(key)
        return counted(key)

    monkeypatch.setattr(memory, "incr", late)
    return memory


def test_a_count_that_expires_half_way_is_begun_anew(forgetful):
    THREE.count("ada", NOW)
    THREE.count("ada", NOW)
    assert forgetful.get(THREE._slot("ada", THREE._part(NOW))) == 1


def test_replicas_share_their_counts(redis):
    use_up(THREE, "ada")
    caches["local"].clear()  # as another process has it
    assert waits(THREE, "ada") > 0
    assert waits(THREE, "ben") == 0


@pytest.mark.parametrize("goes", ["kill", "freeze"])
def test_without_redis_a_process_counts_by_itself(redis, goes):
    THREE.count("ada", NOW)
    getattr(redis, goes)()
    THREE.count("ada", NOW)
    assert waits(THREE, "ada") == 0
    THREE.count("ada", NOW)
    assert waits(THREE, "ada") > 0
    assert waits(THREE, "ben") == 0


def test_what_was_counted_without_redis_counts_when_it_is_back(redis):
    redis.kill()
    use_up(THREE, "ada")
    redis.start()
    wait(30, lambda: caches["default"].add("back", 1), "the cache is back")
    assert waits(THREE, "ada") > 0


@given(st.text())
def test_any_key_can_be_counted(key):
    limit = Limit("any", 10**6, 60)
    limit.count(key, NOW)
    assert waits(limit, key) == 0
