"""The story of a session: signed in, renewed by single-use tokens, ended; begun anew with a new password.

Whoever makes or ends tokens locks their person first, so that none outlives its end.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from frontrow.chassis.ids import new_id
from frontrow.chassis.limits import Limit
from frontrow.chassis.refusals import InvalidToken, NotFound, Refusal
from frontrow.services.users import keys, messages, passwords
from frontrow.services.users.models import RefreshToken, User
from frontrow.services.users.rules import folded
from frontrow.services.users.user import find

log = structlog.get_logger(__name__)
KNOWN_SECONDS = 30 * 86400


class InvalidCredentials(Refusal):
    code, status, detail = "invalid_credentials", 401, "Username, e-mail address or password is wrong."


class WrongPassword(Refusal):
    code, status, detail = "wrong_password", 403, "This is not the password that you have now."


@dataclass(frozen=True, slots=True)
class Session:
    """What a sign-in or renewal gives: tokens, and the access token's life in seconds."""

    user_id: UUID
    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105


def sign_in(login: str, password: str, address: str, now: datetime) -> Session:
    """Open a session. Raises InvalidCredentials, and TooMany after too many wrong attempts.

    Right sign-ins count towards no limit.
    """
    user = User.objects.by_login(login)
    stored = user.password if user and user.is_active else None
    right = _is_right(password, stored, str(user.user_id) if user else folded(login), address, now)
    if user is None or stored is None or not right:
        raise InvalidCredentials
    with transaction.atomic(durable=True):
        if not User.objects.lock(user.user_id, stored):  # another password, while we looked at this one
            raise InvalidCredentials
        return _open(user, new_id(), now)


def change_password(user_id: UUID, current: str, new: str, address: str, now: datetime) -> Session:
    """Replace a person's password; all their sessions end, and one begins.

    Raises NotFound, WrongPassword, GuessablePassword, and TooMany after too many wrong passwords, here or in
    signing in. Access tokens given before live on until their end.
    """
    person = find(user_id)
    if not _is_right(current, person.password, str(user_id), address, now):
        raise WrongPassword
    passwords.refuse_guessable(new, person.username, person.email)
    stored = passwords.hashed(new)
    with transaction.atomic(durable=True):
        if not User.objects.lock(user_id, person.password):
            raise WrongPassword
        User.objects.filter(user_id=user_id).update(password=stored, updated_at=now)
        RefreshToken.objects.revoke_all(user_id, now)
        messages.access_changed(person, "password")
        return _open(person, new_id(), now)


def renew(refresh_token: str, now: datetime) -> Session:
    """Exchange a refresh token, once. A second use ends its whole family. Raises InvalidToken."""
    with transaction.atomic(durable=True):
        token = RefreshToken.objects.in_turn(_digest(refresh_token))
        if token is None:
            raise InvalidToken
        if token.user.is_active and RefreshToken.objects.use(token.digest, now):
            return _open(token.user, token.family, now)
        RefreshToken.objects.revoke_family(token.family, now)
    log.warning("refresh_refused", user_id=str(token.user_id), reused=token.used_at is not None)
    raise InvalidToken


def sign_out(refresh_token: str, now: datetime) -> None:
    """End the session of a token and all that descend from it. Raises InvalidToken."""
    with transaction.atomic(durable=True):
        token = RefreshToken.objects.in_turn(_digest(refresh_token))
        if token is None:
            raise InvalidToken
        RefreshToken.objects.revoke_family(token.family, now)


def sign_out_everywhere(user_id: UUID, now: datetime) -> None:
    """End all sessions of a person; access tokens given before live on until their end. Raises NotFound."""
    with transaction.atomic(durable=True):
        if not User.objects.lock(user_id):
            raise NotFound
        RefreshToken.objects.revoke_all(user_id, now)


def forget_expired(now: datetime) -> int:
    """Delete refresh tokens that could not be used any more; how many."""
    return RefreshToken.objects.filter(expires_at__lt=now).delete()[0]


def _is_right(password: str, stored: str | None, name: str, address: str, now: datetime) -> bool:
    """Whether it is the password of which this is stored; a wrong one is counted. Raises TooMany."""
    accounts, addresses = _limits()
    account = _account_key(name, address)
    accounts.check(account, now)
    addresses.check(address, now)
    if passwords.matches(password, stored):
        cache.set(_known_key(name, address), True, KNOWN_SECONDS)
        return True
    accounts.count(account, now)
    addresses.count(address, now)
    return False


def _open(user: User, family: UUID, now: datetime) -> Session:
    secret = secrets.token_urlsafe(32)
    RefreshToken.objects.create(
        digest=_digest(secret), user=user, family=family, created_at=now,
        expires_at=now + timedelta(days=settings.ENVIRONMENT.refresh_token_days),
    )  # fmt: skip
    access = keys.sign(user.user_id, ["admin"] if user.is_admin else [], now)
    return Session(user.user_id, access, secret, settings.ENVIRONMENT.access_token_seconds)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _limits() -> tuple[Limit, Limit]:
    environment = settings.ENVIRONMENT
    window = environment.sign_in_window_seconds
    return (
        Limit("sign-in-account", environment.sign_in_failures_per_account, window),
        Limit("sign-in-address", environment.sign_in_failures_per_address, window),
    )


def _account_key(name: str, address: str) -> str:
    """An address this account signed in from before is counted apart, so that strangers lock nobody out."""
    return f"{name} {address}" if cache.get(_known_key(name, address)) else name


def _known_key(name: str, address: str) -> str:
    return f"known:{_digest(f'{name} {address}')}"
