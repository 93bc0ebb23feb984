"""Passwords: Argon2id at OWASP's cost, one at a time behind all else, as slow for unknown accounts."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from typing import TypeVar

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password
from django.contrib.auth.password_validation import CommonPasswordValidator

from frontrow.chassis.refusals import Refusal, Unavailable
from frontrow.services.users import rules

# Of nice(2), below its process: a third of what others get while these take all there is. Not less: a thread
# that waits for a processor may have Python's lock, for which its whole process then waits.
COURTESY = 5
PATIENCE_SECONDS = 3.0  # that a request waits for its turn
Answer = TypeVar("Answer")


class Hasher:
    """One thread that hashes, at a lower priority. Who waits for it holds a thread of the server: few may.

    A flood of sign-ins takes little of what others want, and is refused beyond that at once.
    """

    def __init__(self, places: int):
        self.places = threading.BoundedSemaphore(places)

    def do(self, work: Callable[[], Answer]) -> Answer:
        """What the work gives. Raises Unavailable where too many wait, or it is not begun in time."""
        if not self.places.acquire(blocking=False):
            raise crowded()
        try:
            job = self._thread.submit(work)
            try:
                return job.result(PATIENCE_SECONDS)
            except TimeoutError:
                if job.cancel():
                    raise crowded() from None
                return job.result()  # begun: it is a matter of moments
        finally:
            self.places.release()

    def expect_turn(self) -> None:
        """Raise Unavailable if nobody could wait now: before anything is asked for it."""
        if not self.places.acquire(blocking=False):
            raise crowded()
        self.places.release()

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, "hasher", initializer=_step_back)


def _step_back() -> None:
    """On Linux a priority is a thread's own."""
    thread = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + COURTESY)


def crowded() -> Unavailable:
    return Unavailable("Very many people sign in right now. Try again in a moment.")


@cache
def hasher() -> Hasher:
    """Of this process. At most half of the server's threads wait for it."""
    return Hasher(max(1, settings.ENVIRONMENT.threads // 2))


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
    return hasher().do(lambda: make_password(password))


def matches(password: str, stored: str | None) -> bool:
    """Whether it is the password; with nothing stored, no, after the same time."""
    right = hasher().do(lambda: check_password(password, stored or _nobodys()))
    return right and stored is not None


@cache
def _common() -> set[str]:
    return CommonPasswordValidator().passwords


@cache
def _nobodys() -> str:
    return make_password("a password that opens nothing")
