"""Who is out: people whose account was disabled or erased, by a mark that leads to nobody.

The mark is a keyed hash of their id: what stays of the erased is only that a later message about them is
not to be heard. Whoever writes something of a person looks here first, in the same transaction.
"""

import hashlib
import hmac
from collections.abc import Iterable
from functools import cache, lru_cache
from uuid import UUID

from django.conf import settings
from django.db import connection, models

from frontrow.chassis.arrays import array
from frontrow.chassis.models import Absence
from frontrow.chassis.refusals import Refusal

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))"
SHARE = (  # the second number keeps these apart from the locks of who books
    "SELECT pg_advisory_xact_lock_shared(place) FROM ("
    " SELECT DISTINCT hashtextextended(person::text, 1) AS place FROM unnest(%s::uuid[]) AS person ORDER BY 1"
    ") people"
)
MARKED = "SELECT mark, is_out, is_erased FROM chassis_absence WHERE mark = ANY (%s::uuid[])"


class AccountDisabled(Refusal):
    code, status, detail = "account_disabled", 403, "This account is disabled. Write to us if that is wrong."


class Nobody(models.Func):
    """In a query: an id that leads nowhere, another for each row; in the form of all our ids."""

    template = "overlay(gen_random_uuid()::text placing '7' from 15 for 1)::uuid"
    output_field = models.UUIDField()


@lru_cache(maxsize=8192)
def mark_of(user_id: UUID) -> UUID:
    """By what a person is known here: without our secret it leads to nobody."""
    return UUID(bytes=hmac.digest(_secret(), user_id.bytes, hashlib.sha256)[:16])


@cache
def _secret() -> bytes:
    """Derived once: every booking needs it."""
    return settings.ENVIRONMENT.derived_secret("absences").encode()


def learn(user_id: UUID, version: int, *, is_out: bool) -> None:
    """Take over whether an account is disabled. Runs in the caller's transaction."""
    _lock(user_id)
    Absence.objects.keep(mark_of(user_id), version, is_out=is_out, is_erased=False)


def erase(user_id: UUID, version: int) -> None:
    """Remember that an account is erased, and forget its part in the admin. Runs in the caller's transaction.

    Whoever was writing something of the person has committed when this returns; nobody begins to any more.
    """
    from frontrow.chassis import administrators  # its models are not loaded with this module

    _lock(user_id)
    Absence.objects.keep(mark_of(user_id), version, is_out=True, is_erased=True)
    administrators.forget(user_id)


def out(user_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these people who are out; the others stay in until the caller's transaction ends."""
    return {person for person, is_out, _ in _marked(user_ids) if is_out}


def erased(user_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these people who are erased; the others are not until the caller's transaction ends."""
    return {person for person, _, is_erased in _marked(user_ids) if is_erased}


def check(user_id: UUID) -> None:
    """Raise AccountDisabled if a person is out; else they stay in until the caller's transaction ends."""
    if out([user_id]):
        raise AccountDisabled


def _marked(user_ids: Iterable[UUID]) -> list[tuple[UUID, bool, bool]]:
    """Looked at once the locks are ours: an absence that was being written then is seen."""
    people = {mark_of(user_id): user_id for user_id in user_ids}
    with connection.cursor() as cursor:
        cursor.execute(SHARE, [array(people.values())])
        cursor.execute(MARKED, [array(people)])
        return [(people[mark], is_out, is_erased) for mark, is_out, is_erased in cursor.fetchall()]


def _lock(user_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [str(user_id)])
