"""How often something may happen: counts in windows that slide, kept in short memories."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache, caches
from django.core.cache.backends.base import BaseCache

from frontrow.chassis.refusals import TooMany

PARTS = 5  # of a window: it moves on by one of them at a time


@dataclass(frozen=True)
class Limit:
    """At most `most` counts of a key within any `seconds`; a count is forgotten a part of them later.

    Counted in the cache, which replicas share, and in this process too: while the cache is away, that holds.
    """

    name: str
    most: int
    seconds: int

    def check(self, key: str, now: datetime) -> None:
        """Raise TooMany if the key is used up, with the seconds until something of it is forgotten."""
        last = self._part(now)
        counts = self._counts(key, last)
        left = sum(counts.values())
        if left < self.most:
            return
        for part in sorted(counts):
            left -= counts[part]
            if left < self.most:
                break
        raise TooMany((part + PARTS + 1) * self._length - int(now.timestamp()))

    def count(self, key: str, now: datetime) -> None:
        """Count one; remembered at once, whatever becomes of the request."""
        slot = self._slot(key, self._part(now))
        for memory in _memories():
            self._count(memory, slot)

    def _counts(self, key: str, last: int) -> dict[int, int]:
        """What each part of the window counted, as far as any memory knows."""
        slots = {part: self._slot(key, part) for part in range(last - PARTS, last + 1)}
        found = [memory.get_many(slots.values()) for memory in _memories()]
        return {part: max(each.get(slot, 0) for each in found) for part, slot in slots.items()}

    def _count(self, memory: BaseCache, slot: str) -> None:
        for _ in range(2):  # what is there when we add may be gone when we count on
            if memory.add(slot, 1, timeout=(PARTS + 1) * self._length):
                return
            with suppress(ValueError):
                memory.incr(slot)
                return

    @property
    def _length(self) -> int:
        """Of a part, in whole seconds."""
        return -(-self.seconds // PARTS)

    def _part(self, now: datetime) -> int:
        return int(now.timestamp()) // self._length

    def _slot(self, key: str, part: int) -> str:
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        return f"limit:{self.name}:{digest}:{part}"


def _memories() -> list[BaseCache]:
    return [cache, caches["local"]]
