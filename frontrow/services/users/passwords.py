"""Passwords: Argon2id at OWASP's cost, few at a time, and equally slow for unknown accounts."""

import threading
from functools import cache

from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password
from django.contrib.auth.password_validation import CommonPasswordValidator

from frontrow.chassis.refusals import Refusal
from frontrow.services.users import rules

AT_ONCE = threading.BoundedSemaphore(2)  # so that a flood of sign-ins leaves processors for bookings


class Argon2id(Argon2PasswordHasher):
    """19 MiB, 2 passes, 1 lane: OWASP Password Storage Cheat Sheet."""

    memory_cost, time_cost, parallelism = 19 * 1024, 2, 1


class GuessablePassword(Refusal):
    code, status = "guessable_password", 422
    detail = "This password is one of the first that anybody would try. Choose another."


def refuse_guessable(password: str, username: str, email: str) -> None:
    """Raise GuessablePassword for one of the twenty thousand most common, or hardly more than a name."""
    common = password.lower().strip() in _common()
    if common or rules.is_guessable(password, ["frontrow", username, email, email.partition("@")[0]]):
        raise GuessablePassword


def hashed(password: str) -> str:
    """What is stored of a password."""
    with AT_ONCE:
        return make_password(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether it is the password; with nothing stored, no, after the same time."""
    with AT_ONCE:
        return check_password(password, stored or _nobodys()) and stored is not None


@cache
def _common() -> set[str]:
    return CommonPasswordValidator().passwords


@cache
def _nobodys() -> str:
    return make_password("a password that opens nothing")
