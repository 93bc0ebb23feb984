"""The story of an account: registered, changed, made an administrator."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from frontrow.chassis.limits import Limit
from frontrow.chassis.refusals import NotFound, Refusal
from frontrow.services.users import link, messages, passwords, rules
from frontrow.services.users.models import User


class UsernameTaken(Refusal):
    code, status, detail = "username_taken", 409, "Somebody has this username. Choose another."


class EmailTaken(Refusal):
    code, status, detail = "email_taken", 409, "This e-mail address has an account. Sign in instead."


class UnknownLogin(NotFound):
    detail = "Nobody is registered by this username or e-mail address. Register first, at POST /register."


def register(
    username: str, email: str, password: str, profile: dict[str, str], address: str, now: datetime
) -> User:
    """Make an account, whose address is to be confirmed.

    Raises UsernameTaken, EmailTaken, GuessablePassword, and TooMany for a busy address.
    """
    limit = Limit("register", settings.ENVIRONMENT.registrations_per_address, 60)
    limit.check(address, now)
    limit.count(address, now)
    _refuse_taken(username, email)
    passwords.refuse_guessable(password, username, email)
    stored = passwords.hashed(password)
    try:
        with transaction.atomic(durable=True):
            user = User.objects.create(
                username=username, email=email, password=stored, profile_info=profile,
                created_at=now, updated_at=now,
            )  # fmt: skip
            link.make(user, rules.CONFIRM_EMAIL, now, link_id=user.user_id)  # for the mail that welcomes
            messages.user_registered(user)
    except IntegrityError as error:
        raise _taken(error) from error
    return user


def find(user_id: UUID) -> User:
    """The account of a token's bearer. Raises NotFound once it is gone."""
    user = User.objects.filter(user_id=user_id, is_active=True).first()
    if user is None:
        raise NotFound
    return user


def people(user_ids: Sequence[UUID], words: str = "") -> list[User]:
    """Those of these who are here, in this order, whose name, username or e-mail address has these words."""
    found = User.objects.filter(is_active=True).in_bulk(user_ids)
    here = [found[user_id] for user_id in dict.fromkeys(user_ids) if user_id in found]
    return [user for user in here if rules.mentions(words, user.name, user.username, user.email)]


def change(user_id: UUID, changes: dict[str, Any], address: str, now: datetime) -> User:
    """Change username, email or profile_info; a new address is to be confirmed, and the old one is told.

    Raises UsernameTaken, EmailTaken, NotFound, and TooMany after too many addresses within an hour.
    """
    if changes.get("email", "") not in {"", find(user_id).email}:
        link.limit(str(user_id), address, now)
    try:
        with transaction.atomic(durable=True):
            user = User.objects.select_for_update().filter(user_id=user_id, is_active=True).first()
            if user is None:
                raise NotFound
            before, user.email = user.email, changes.get("email", user.email)
            user.username = changes.get("username", user.username)
            user.profile_info = rules.merged_profile(user.profile_info, changes.get("profile_info", {}))
            user.version += 1
            user.updated_at = now
            if user.email != before:
                user.email_confirmed_at = None
            user.save()
            messages.user_updated(user)
            if user.email != before:
                link.ask(user, rules.CONFIRM_EMAIL, now)
                messages.access_changed(user, "email", before)
    except IntegrityError as error:
        raise _taken(error) from error
    return user


def is_administrator(user_id: UUID) -> bool:
    """Whether this account is an administrator's now."""
    return User.objects.filter(user_id=user_id, is_active=True, is_admin=True).exists()


def make_administrator(login: str) -> User:
    """Give a person the admin role. Raises UnknownLogin."""
    with transaction.atomic(durable=True):
        user = User.objects.by_login(login)
        if user is None:
            raise UnknownLogin
        User.objects.filter(pk=user.pk).update(is_admin=True, updated_at=timezone.now())
    return user


def _refuse_taken(username: str, email: str) -> None:
    """Say so before the costly hash; the database's constraints decide the race."""
    if User.objects.by_login(username):
        raise UsernameTaken
    if User.objects.by_login(email):
        raise EmailTaken


def _taken(error: IntegrityError) -> Refusal | IntegrityError:
    constraints = {"users_username_once": UsernameTaken, "users_email_once": EmailTaken}
    broken = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
    return constraints[broken]() if broken in constraints else error
