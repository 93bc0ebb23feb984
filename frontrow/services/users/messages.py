"""What users says."""

from typing import Any

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


def facts(user: User) -> dict[str, Any]:
    """A person as others know them; also the answer when they ask."""
    return {
        "userId": str(user.user_id),
        "username": user.username,
        "email": user.email,
        "profileInfo": user.profile_info,
        "version": user.version,
    }
