"""The story of a session: signed in, renewed by single-use tokens, ended; begun anew with a new password.

Whoever makes or ends tokens locks their person first, so that none outlives its end.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import InvalidToken, NotFound, Refusal
from frontrow.services.users import keys, link, messages, passwords, two_factor
from frontrow.services.users.attempts import Attempt
from frontrow.services.users.models import Link, RefreshToken, User
from frontrow.services.users.rules import SIGN_IN, folded
from frontrow.services.users.user import find

log = structlog.get_logger(__name__)


class InvalidCredentials(Refusal):
    code, status, detail = "invalid_credentials", 401, "Username, e-mail address or password is wrong."


class CodeNeeded(Refusal):
    """The password is right; `challenge` stands for it, for five minutes."""

    code, status, detail = "code_needed", 401, "Send the code of your app, too, or a recovery code."


class InvalidCode(Refusal):
    code, status, detail = "invalid_code", 401, "This code is wrong, too old, or was used already."


class InvalidChallenge(Refusal):
    code, status, detail = "invalid_challenge", 401, "This sign-in took too long. Begin it anew."


class WrongPassword(Refusal):
    code, status, detail = "wrong_password", 403, "This is not the password that you have now."


class WrongCode(Refusal):
    code, status, detail = "wrong_code", 403, "This code is missing, wrong, too old, or was used already."


@dataclass(frozen=True, slots=True)
class Session:
    """What a sign-in or renewal gives: tokens, and the access token's life in seconds."""

    user_id: UUID
    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105


def sign_in(login: str, password: str, code: str | None, address: str, now: datetime) -> Session:
    """Open a session. Raises InvalidCredentials, CodeNeeded, InvalidCode; TooMany after too many wrong ones.

    Right sign-ins count towards no limit.
    """
    passwords.hasher().expect_turn()
    user = User.objects.by_login(login)
    stored = user.password if user and user.is_active else None
    attempt = Attempt(str(user.user_id) if user else folded(login), address, now)
    right = attempt.is_right(password, stored)
    if user is None or stored is None or not right:
        raise InvalidCredentials
    if code is None and user.two_factor:
        raise CodeNeeded(challenge=link.token(link.make(user, SIGN_IN, now)))
    return _let_in(user, code, attempt)


def answer(challenge: str, code: str, address: str, now: datetime) -> Session:
    """Open a session by a code, after the password. Raises InvalidChallenge, InvalidCode, TooMany."""
    try:
        found = link.opened(challenge, SIGN_IN, now)
    except link.InvalidLink as error:
        raise InvalidChallenge from error
    attempt = Attempt(str(found.user_id), address, now)
    attempt.begin()
    return _let_in(found.user, code, attempt, found)


def _let_in(user: User, code: str | None, attempt: Attempt, challenge: Link | None = None) -> Session:
    """The session of who knew the password, and has the code if one is needed, which is used up."""
    now = attempt.now
    with transaction.atomic(durable=True):
        if not User.objects.lock(user.user_id, user.password):  # another, while we looked at this one
            raise InvalidCredentials
        amr = two_factor.used(user.user_id, code, now) if user.two_factor and code else two_factor.PASSWORD
        right = amr and (challenge is None or Link.objects.use(challenge.link_id, now))
        session = opened(user, new_id(), amr, now) if amr and right else None
    if session is None:
        attempt.failed()
        raise InvalidCode
    attempt.succeeded()
    return session


def change_password(
    user_id: UUID, amr: Sequence[str], current: str, new: str, address: str, now: datetime
) -> Session:
    """Replace a person's password; all their sessions end, and one begins.

    Raises NotFound, WrongPassword, GuessablePassword, and TooMany after too many wrong passwords, here or in
    signing in. Access tokens given before live on until their end.
    """
    person = find(user_id)
    check_password(person, current, address, now)
    passwords.refuse_guessable(new, person.username, person.email)
    stored = passwords.hashed(new)
    with transaction.atomic(durable=True):
        if not User.objects.lock(user_id, person.password):
            raise WrongPassword
        User.objects.filter(user_id=user_id).update(password=stored, updated_at=now)
        RefreshToken.objects.revoke_all(user_id, now)
        messages.access_changed(person, "password")
        return opened(person, new_id(), amr, now)


def check_password(person: User, password: str, address: str, now: datetime) -> None:
    """Raise WrongPassword unless it is theirs, and TooMany after too many wrong ones, as in signing in."""
    if not Attempt(str(person.user_id), address, now).is_right(password, person.password):
        raise WrongPassword


def prove(person: User, password: str, code: str | None, address: str, now: datetime) -> None:
    """The same, and WrongCode unless a code comes with it where they sign in in two steps; it is used up."""
    check_password(person, password, address, now)
    if not person.two_factor:
        return
    with transaction.atomic(durable=True):
        right = code and two_factor.used(person.user_id, code, now)
    if not right:
        Attempt(str(person.user_id), address, now).failed()
        raise WrongCode


def renew(refresh_token: str, now: datetime) -> Session:
    """Exchange a refresh token, once. A second use ends its whole family. Raises InvalidToken."""
    with transaction.atomic(durable=True):
        token = RefreshToken.objects.in_turn(_digest(refresh_token))
        if token is None:
            raise InvalidToken
        if token.user.is_active and RefreshToken.objects.use(token.digest, now):
            return opened(token.user, token.family, token.amr.split(), now)
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


def opened(user: User, family: UUID, amr: Sequence[str], now: datetime) -> Session:
    """A session of a person who is locked in the caller's transaction and came in by these means."""
    secret = secrets.token_urlsafe(32)
    RefreshToken.objects.create(
        digest=_digest(secret), user=user, family=family, amr=" ".join(amr), created_at=now,
        expires_at=now + timedelta(days=settings.ENVIRONMENT.refresh_token_days),
    )  # fmt: skip
    access = keys.sign(user.user_id, ["admin"] if user.is_admin else [], now, amr)
    return Session(user.user_id, access, secret, settings.ENVIRONMENT.access_token_seconds)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
