import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from frontrow.chassis.sharing import Shared


class Slow:
    """A call that goes on until it is let go, and counts how often it was made."""

    def __init__(self, error=None):
        self.made, self.error = 0, error
        self.entered, self.let_go = threading.Event(), threading.Event()

    def __call__(self):
        self.made += 1
        self.entered.set()
        assert self.let_go.wait(20)
        if self.error:
            raise self.error
        return self.made


class Queue:
    """A lock that knows how many have come to it."""

    def __init__(self, lock, expected):
        self.lock, self.left, self.full = lock, expected, threading.Event()

    def __enter__(self):
        self.left -= 1  # under the interpreter's lock, and only counted
        if self.left == 0:
            self.full.set()
        self.lock.acquire()

    def __exit__(self, *_):
        self.lock.release()


def crowd(call, size):
    """A first caller within the call, and a crowd waiting for it; their answers once it is let go."""
    shared = Shared(places=1)
    with ThreadPoolExecutor(size + 1) as pool:
        first = pool.submit(shared.call, "key", call)
        assert call.entered.wait(20)
        queue = shared.turns[0].lock = Queue(shared.turns[0].lock, size)
        others = [pool.submit(shared.call, "key", call) for _ in range(size)]
        assert queue.full.wait(20)
        call.let_go.set()
        return first, others


def test_nobody_gets_an_answer_older_than_their_wish_and_those_who_wait_share_one():
    slow = Slow()
    first, others = crowd(slow, 8)
    assert first.result() == 1
    assert {other.result() for other in others} == {2}
    assert slow.made == 2


def test_those_who_wait_share_an_error_too():
    slow = Slow(LookupError())
    _, others = crowd(slow, 8)
    for other in others:
        with pytest.raises(LookupError):
            other.result()
    assert slow.made == 2


def test_calls_one_after_another_are_each_made():
    shared, made = Shared(), []
    for _ in range(3):
        shared.call("key", lambda: made.append(1))
    assert len(made) == 3


def test_an_error_is_raised_and_not_kept():
    shared = Shared()

    def fail():
        raise LookupError

    with pytest.raises(LookupError):
        shared.call("key", fail)
    assert shared.call("key", lambda: "fine") == "fine"


def test_keys_do_not_mix_where_they_share_a_place():
    shared = Shared(places=1)
    assert [shared.call(key, lambda key=key: key) for key in "abab"] == list("abab")
