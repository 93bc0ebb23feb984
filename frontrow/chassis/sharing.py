"""One call for all who want the same at the same moment."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class _Turn:
    """The last call of one place, and the lock that makes the next wait for it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.key: Hashable = None
        self.began = float("-inf")
        self.answer: Any = None
        self.error: Exception | None = None


class Shared:
    """Makes calls in turn, so that those who wait share the next one.

    An answer is never older than the wish for it: what was true when somebody began to ask is seen.
    The number of places bounds memory; different keys rarely wait for each other.
    """

    def __init__(self, places: int = 64):
        self.turns = [_Turn() for _ in range(places)]

    def call(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """What `make` answers, or raises, in a call for this key that began after this one."""
        wanted = time.monotonic()
        turn = self.turns[hash(key) % len(self.turns)]
        with turn.lock:
            if turn.key != key or turn.began < wanted:
                self._take(turn, key, make)
            if turn.error is not None:
                raise turn.error.with_traceback(None)
            return turn.answer

    def _take(self, turn: _Turn, key: Hashable, make: Callable[[], Any]) -> None:
        turn.key, turn.began, turn.answer, turn.error = key, time.monotonic(), None, None
        try:
            turn.answer = make()
        except Exception as error:  # noqa: BLE001, raised to each who waits
            turn.error = error
