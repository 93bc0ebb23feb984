"""Decisions about people and tokens. No Django, no clock, no I/O."""

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

NEW_PASSWORD, CONFIRM_EMAIL = "new_password", "confirm_email"  # purposes of links
LIFE = {NEW_PASSWORD: timedelta(minutes=30), CONFIRM_EMAIL: timedelta(days=1)}  # from the moment of mailing
SIGN_IN, TO_SIGN_IN = "sign_in", timedelta(minutes=5)  # between the password and the code; not mailed
MAILED_WITHIN = timedelta(days=3)  # a mail that waits longer was given up
WORTH_OF_A_PASSWORD = 6  # characters beside names that anybody would try


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


def is_guessable(password: str, names: Iterable[str]) -> bool:
    """Whether a password has one of these names in it and hardly anything else."""
    plain = _plain(password)
    words = [_plain(name) for name in names if len(name) > 2]
    return any(word in plain and len(plain.replace(word, "")) < WORTH_OF_A_PASSWORD for word in words)
