"""What users says."""

from typing import Any
from uuid import UUID

from frontrow.chassis.ids import new_id
from frontrow.chassis.outbox import say
from frontrow.services.users.models import User


def user_registered(user: User) -> None:
    say("user.registered.v1", user.user_id, user.version, facts(user))


def user_updated(user: User) -> None:
    say("user.updated.v1", user.user_id, user.version, facts(user))


def user_disabled(user: User) -> None:
    say("user.disabled.v1", user.user_id, user.version, _who(user))


def user_enabled(user: User) -> None:
    say("user.enabled.v1", user.user_id, user.version, _who(user))


def user_erased(user: User) -> None:
    say("user.erased.v1", user.user_id, user.version, _who(user))


def _who(user: User) -> dict[str, Any]:
    return {"userId": str(user.user_id), "version": user.version}


def link_asked(user: User, link_id: UUID, purpose: str) -> None:
    """Say that a link is to be mailed: its id only, for which users is asked when the mail is written."""
    data = {"userId": str(user.user_id), "linkId": str(link_id), "purpose": purpose, "version": user.version}
    say("user.link_asked.v1", user.user_id, user.version, data)


def access_changed(user: User, change: str, email: str = "") -> None:
    """Say that what opens an account has changed; the person is told at this address, or the account's."""
    data = {
        "userId": str(user.user_id), "changeId": str(new_id()), "change": change,
        "email": email or user.email, "version": user.version,
    }  # fmt: skip
    say("user.access_changed.v1", user.user_id, user.version, data)


def facts(user: User) -> dict[str, Any]:
    """A person as others know them; also the answer when they ask."""
    return {
        "userId": str(user.user_id),
        "username": user.username,
        "email": user.email,
        "profileInfo": user.profile_info,
        "version": user.version,
    }
