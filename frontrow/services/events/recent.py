"""Answers of a moment ago: what anybody may read, kept for a second and forgotten when it changes."""

import hashlib
from functools import partial
from uuid import UUID

from django.core.cache import caches
from django.db import transaction

from frontrow.chassis.ids import new_id

SECONDS = 1  # an answer is never older, even if it cannot be forgotten at once; facets are
STAMP_SECONDS = 3600
MOST_BYTES = 128 * 1024
LISTS, FACETS = "lists", "facets"


class Recent:
    """The place of an answer: its content, if it is remembered and nothing changed since it was made.

    A scope is an event's id, LISTS, or FACETS, which no change forgets. Its stamp is read, or set, before
    the database is: what was read before a change carries an old stamp, even if it is kept after the change.
    """

    def __init__(self, scope: str, question: str = ""):
        self.memory = caches["answers"]
        digest = hashlib.sha256(question.encode()).hexdigest()[:32]
        self.key, stamp_key = f"events:{scope}:{digest}", _stamp_key(scope)
        found = self.memory.get_many([stamp_key, self.key])
        self.stamp: bytes = found.get(stamp_key) or self._first(stamp_key)
        kept: bytes = found.get(self.key, b"")
        self.content = kept.removeprefix(self.stamp) if self.stamp and kept.startswith(self.stamp) else None

    def keep(self, content: bytes, seconds: int = SECONDS) -> None:
        """Remember the answer, unless it is large."""
        if self.stamp and len(content) <= MOST_BYTES:
            self.memory.set(self.key, self.stamp + content, seconds)

    def _first(self, key: str) -> bytes:
        """A stamp where there is none; b"" if somebody else was faster, or the cache is away."""
        stamp = new_id().bytes
        return stamp if self.memory.add(key, stamp, STAMP_SECONDS) else b""


def forget(*event_ids: UUID) -> None:
    """Forget these events' pages, and the lists they may stand in, as soon as the change commits."""
    stamps = {_stamp_key(scope): new_id().bytes for scope in (*map(str, event_ids), LISTS)}
    transaction.on_commit(partial(caches["answers"].set_many, stamps, STAMP_SECONDS))


def _stamp_key(scope: str) -> str:
    return f"events:{scope}:stamp"
