"""How often something may happen: counts in fixed windows, kept in the cache."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from frontrow.chassis.refusals import TooMany


@dataclass(frozen=True)
class Limit:
    """At most `most` counts of a key within a window of `seconds`."""

    name: str
    most: int
    seconds: int

    def check(self, key: str, now: datetime) -> None:
        """Raise TooMany if the key is used up, with the seconds until its window ends."""
        if cache.get(self._slot(key, now), 0) >= self.most:
            raise TooMany(self.seconds - int(now.timestamp()) % self.seconds)

    def count(self, key: str, now: datetime) -> None:
        """Count one; remembered at once, whatever becomes of the request."""
        slot = self._slot(key, now)
        if not cache.add(slot, 1, timeout=self.seconds):
            cache.incr(slot)

    def _slot(self, key: str, now: datetime) -> str:
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        return f"limit:{self.name}:{digest}:{int(now.timestamp()) // self.seconds}"
