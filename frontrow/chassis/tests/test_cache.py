"""Redis as the cache, and what becomes of it when it goes in the middle."""

import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache, caches
from prometheus_client import REGISTRY

from frontrow.chassis.cache import Forgiving, configured
from tests.embedded.system import wait

VALUES = [0, 7, -1, True, False, 1.5, "", "ü\x00", [], ["a", 1], {"a": {"b": [None]}}, b"", b"\x80\x04", "=x"]
COMMANDS = {
    "get": (lambda: cache.get("a", "nothing"), "nothing"),
    "get_many": (lambda: cache.get_many(["a", "b"]), {}),
    "has_key": (lambda: "a" in cache, False),
    "set": (lambda: cache.set("a", 1, 60), None),
    "set_many": (lambda: cache.set_many({"a": 1}, 60), []),
    "add": (lambda: cache.add("a", 1, 60), False),
    "touch": (lambda: cache.touch("a", 60), False),
    "delete": (lambda: cache.delete("a"), False),
    "delete_many": (lambda: cache.delete_many(["a"]), None),
    "clear": (lambda: cache.clear(), False),
}
each_command = pytest.mark.parametrize(("command", "missed"), COMMANDS.values(), ids=COMMANDS)


def failures():
    return REGISTRY.get_sample_value("frontrow_cache_failures_total")


def said(lines, event):
    return [line for line in lines() if line["event"] == event]


def works():
    cache.set("works", 1, 60)
    return cache.get("works") == 1


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_are_kept(redis, value):
    cache.set("a", value, 60)
    assert cache.get("a") == value
    assert type(cache.get("a")) is type(value)
    assert cache.get_many(["a", "b"]) == {"a": value}


@pytest.mark.parametrize("name", ["default", "answers"])
def test_they_are_kept_in_redis_under_our_name_and_for_their_time(redis, name):
    caches[name].set("a", "b", 60)
    (key,) = redis.client.keys("*")
    assert key.startswith(b"frontrow:")
    assert 0 < redis.client.ttl(key) <= 60


def test_counts_are_counted_on_and_keep_their_time(redis):
    assert cache.add("n", 1, 60)
    assert not cache.add("n", 1, 60)
    assert [cache.incr("n"), cache.incr("n", 5), cache.get("n")] == [2, 7, 7]
    assert 0 < redis.client.ttl(redis.client.keys("*")[0]) <= 60


def test_a_count_that_is_gone_is_not_made_anew_to_stay_for_ever(redis):
    with pytest.raises(ValueError, match="n"):
        cache.incr("n")
    assert redis.client.keys("*") == []


class Trap:
    sprung = False

    def __reduce__(self):
        return setattr, (Trap, "sprung", True)


@pytest.mark.parametrize("nonsense", [pickle.dumps(Trap()), b"{", b"", b"\xff", b"[" * 100_000])
def test_who_writes_to_redis_makes_us_run_nothing(redis, nonsense):
    cache.set("a", "b", 60)
    redis.client.set(redis.client.keys("*")[0], nonsense)
    assert cache.get("a", "nothing") == "nothing"
    assert cache.get_many(["a"]) == {}
    assert not Trap.sprung
    assert works()


@each_command
def test_killed_it_is_a_miss_and_nobody_hears_of_it(redis, command, missed):
    cache.set("a", "b", 60)
    redis.kill()
    assert command() == missed
    assert command() == missed


@each_command
def test_hanging_it_is_a_miss_too(redis, command, missed):
    cache.set("a", "b", 60)
    redis.freeze()
    assert command() == missed
    assert command() == missed


def test_while_it_is_away_there_is_nothing_to_count_on(redis):
    cache.set("n", 1, 60)
    redis.kill()
    with pytest.raises(ValueError, match="n"):
        cache.incr("n")


@pytest.mark.parametrize("goes", ["kill", "freeze"])
def test_once_it_is_away_only_the_watch_tries_it(redis, goes):
    cache.set("a", "b", 60)
    before = failures()
    getattr(redis, goes)()
    for _ in range(1000):
        assert cache.get("a") is None
    assert 1 <= failures() - before < 500


@pytest.mark.parametrize("goes", ["kill", "freeze"])
def test_it_is_said_once_that_it_went_and_once_that_it_is_back(redis, goes, lines):
    cache.set("a", "b", 60)
    getattr(redis, goes)()
    for _ in range(20):
        cache.get("a")
    redis.start()
    wait(30, works, "the cache is back")
    for _ in range(20):
        assert works()
    assert (len(said(lines, "cache_away")), len(said(lines, "cache_back"))) == (1, 1)


def test_all_threads_know_and_one_says_so(redis, lines):
    size = 10
    gate = threading.Barrier(size)

    def meet():
        cache.get("a")  # with a connection of its own
        gate.wait(30)
        if gate.wait(30) == 0:
            redis.freeze()
        gate.wait(30)
        return [cache.get("a", "nothing") for _ in range(100)]

    before = failures()
    with ThreadPoolExecutor(size) as crowd:
        found = [task.result() for task in [crowd.submit(meet) for _ in range(size)]]
    assert found == [["nothing"] * 100] * size
    assert failures() - before < 500
    assert len(said(lines, "cache_away")) == 1


def test_it_may_be_away_from_the_start(redis):
    redis.kill()
    Forgiving._clients.clear()
    assert cache.get("a", "nothing") == "nothing"


def test_what_is_said_tells_no_password(redis, lines):
    Forgiving._clients.clear()
    redis.client.config_set("requirepass", "another")
    try:
        assert cache.get("a", "nothing") == "nothing"
    finally:
        redis.client.config_set("requirepass", redis.password)
    (away,) = said(lines, "cache_away")
    assert "AuthenticationError" in away["why"]
    assert redis.password not in json.dumps(lines())


def test_a_redis_that_is_full_is_like_one_that_is_away(redis):
    redis.client.config_set("maxmemory", 1)
    try:
        cache.set("a", "b", 60)
        assert cache.get("a") is None
    finally:
        redis.client.config_set("maxmemory", 0)


def test_in_one_process_memories_are_apart_and_large_ones_few():
    made = configured("locmemcache://?max_entries=5000")
    assert len({each["LOCATION"] for each in made.values()}) == 3
    assert made["default"]["OPTIONS"]["MAX_ENTRIES"] == 5000
    assert made["answers"]["OPTIONS"]["MAX_ENTRIES"] == 100


def test_options_of_the_url_win():
    options = configured("redis://cache/0?socket_timeout=5")["default"]["OPTIONS"]
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (5, 0.25)
