"""The story of an export: all that every service holds of a person, in one document, or none."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from frontrow.chassis import exports
from frontrow.chassis.exports import Section
from frontrow.chassis.limits import Limit
from frontrow.services.users import clients
from frontrow.services.users.models import Link, RecoveryCode, RefreshToken, TwoFactor, User
from frontrow.services.users.user import find

LIMIT = Limit("export", 10, 3600)  # of a person
Document = dict[str, dict[str, list[dict[str, Any]]]]

SECTIONS = (
    Section("account", lambda who: User.objects.filter(pk=who), frozenset({"password"})),
    Section("sessions", lambda who: RefreshToken.objects.filter(user_id=who), frozenset({"digest"})),
    Section("links", lambda who: Link.objects.filter(user_id=who)),
    Section("secondFactor", lambda who: TwoFactor.objects.filter(user_id=who), frozenset({"sealed"})),
    Section("recoveryCodes", lambda who: RecoveryCode.objects.filter(user_id=who), frozenset({"digest"})),
)


def export(user_id: UUID, now: datetime) -> tuple[User, Document]:
    """A person, and what is held of them by service and section; no secret of theirs, nor anything of others.

    Raises NotFound, TooMany, and Unavailable if one service is away: half an export would be a lie.
    """
    person = find(user_id)
    LIMIT.check(str(user_id), now)
    LIMIT.count(str(user_id), now)
    whole: Document = {"users": _gathered(_own(user_id))}
    for service in clients.OTHERS:
        whole[service] = _gathered(clients.held_of(service, user_id))
    return person, whole


def _own(user_id: UUID) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    after: str | None = ""
    while after is not None:
        told = exports.page(SECTIONS, user_id, after)
        yield told["section"], told["rows"]
        after = told["next"]


def _gathered(pages: Iterator[tuple[str, list[dict[str, Any]]]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for section, rows in pages:
        found.setdefault(section, []).extend(rows)
    return found
