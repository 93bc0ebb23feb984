"""How often something may happen: counts in fixed windows, kept in short memories."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache, caches
from django.core.cache.backends.base import BaseCache

from frontrow.chassis.refusals import TooMany


@dataclass(frozen=True)
class Limit:
    """At most `most` counts of a key within a window of `seconds`.

    Counted in the cache, which replicas share, and in this process too: while the cache is away, that holds.
    """

    name: str
    most: int
    seconds: int

    def check(self, key: str, now: datetime) -> None:
        """Raise TooMany if the key is used up, with the seconds until its window ends."""
        slot = self._slot(key, now)
        if max(memory.get(slot, 0) for memory in _memories()) >= self.most:
            raise TooMany(self.seconds - int(now.timestamp()) % self.seconds)

    def count(self, key: str, now: datetime) -> None:
        """Count one; remembered at once, whatever becomes of the request."""
        slot = self._slot(key, now)
        for memory in _memories():
            self._count(memory, slot)

    def _count(self, memory: BaseCache, slot: str) -> None:
        for _ in range(2):  # what is there when we add may be gone when we count on
            if memory.add(slot, 1, timeout=self.seconds):
                return
            with suppress(ValueError):
                memory.incr(slot)
                return

    def _slot(self, key: str, now: datetime) -> str:
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        return f"limit:{self.name}:{digest}:{int(now.timestamp()) // self.seconds}"


def _memories() -> list[BaseCache]:
    return [cache, caches["local"]]
