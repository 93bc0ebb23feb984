"""Decisions about people and tokens. No Django, no clock, no I/O."""

import unicodedata
from datetime import datetime, timedelta


def folded(login: str) -> str:
    """A username or e-mail address as compared: without regard to case."""
    return login.strip().lower()  # as stored; casefold() would take ß for ss


def mentions(words: str, *texts: str) -> bool:
    """Whether one of the texts contains the words, without regard to case and accents."""
    return any(_plain(words) in _plain(text) for text in texts)


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def merged_profile(current: dict[str, str], given: dict[str, str | None]) -> dict[str, str]:
    """The profile after an update: what is given replaces, null removes, the rest stays."""
    together = {**current, **given}
    return {name: value for name, value in together.items() if value is not None}


def is_due(made: datetime, every: timedelta, now: datetime) -> bool:
    """Whether something made then is as old as its period."""
    return now - made >= every
