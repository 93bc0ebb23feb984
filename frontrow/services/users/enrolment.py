"""The story of the second factor turned on and off: all sessions end each time, and a true one begins."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import Refusal
from frontrow.services.users import messages, session, two_factor
from frontrow.services.users.attempts import Attempt
from frontrow.services.users.models import RecoveryCode, RefreshToken, TwoFactor, User
from frontrow.services.users.session import Session, WrongCode, WrongPassword
from frontrow.services.users.user import find


class TwoFactorOn(Refusal):
    code, status, detail = "two_factor_on", 409, "You sign in in two steps already. Turn it off first."


class TwoFactorOff(Refusal):
    code, status, detail = (
        "two_factor_off",
        409,
        "Nothing to confirm or end: begin at POST /profile/two-factor.",
    )


def begin(user_id: UUID, password: str, address: str, now: datetime) -> tuple[str, str]:
    """A secret for an app, and its otpauth address; of no effect until a code of it is sent.

    Raises NotFound, WrongPassword, TwoFactorOn, TooMany.
    """
    user = find(user_id)
    session.check_password(user, password, address, now)
    with transaction.atomic(durable=True):
        _lock(user)
        if two_factor.is_on(user_id):
            raise TwoFactorOn
        return two_factor.prepared(user, now)


def confirm(user_id: UUID, code: str, address: str, now: datetime) -> tuple[list[str], Session]:
    """Turn it on by a first code: recovery codes, and a session that is of two factors.

    Raises NotFound, TwoFactorOff, WrongCode, TooMany.
    """
    user, attempt = find(user_id), Attempt(str(user_id), address, now)
    attempt.begin()
    with transaction.atomic(durable=True):
        _lock(user)
        factor = TwoFactor.objects.filter(user_id=user_id, confirmed_at=None).first()
        if factor is None:
            raise TwoFactorOff
        right = two_factor.takes_step(factor, code, now)
        if right:
            TwoFactor.objects.filter(user_id=user_id).update(confirmed_at=now)
            return two_factor.new_recovery_codes(user_id), _anew(user, "two_factor_on", two_factor.APP, now)
    attempt.failed()
    raise WrongCode


def end(user_id: UUID, password: str, code: str, address: str, now: datetime) -> Session:
    """Turn it off. Raises NotFound, WrongPassword, TwoFactorOff, WrongCode, TooMany."""
    user = _proved(user_id, password, code, address, now)
    with transaction.atomic(durable=True):
        _lock(user)
        TwoFactor.objects.filter(user_id=user_id).delete()
        RecoveryCode.objects.filter(user_id=user_id).delete()
        return _anew(user, "two_factor_off", two_factor.PASSWORD, now)


def renew_codes(user_id: UUID, password: str, code: str, address: str, now: datetime) -> list[str]:
    """New recovery codes in place of all before. Raises what `end` raises."""
    user = _proved(user_id, password, code, address, now)
    with transaction.atomic(durable=True):
        _lock(user)
        messages.access_changed(user, "recovery_codes")
        return two_factor.new_recovery_codes(user_id)


def _proved(user_id: UUID, password: str, code: str, address: str, now: datetime) -> User:
    """The person, who knows the password and has a code, which is used up."""
    user = find(user_id)
    session.prove(user, password, code, address, now)
    if not user.two_factor:
        raise TwoFactorOff
    return user


def _lock(user: User) -> None:
    """Whoever changed the password meanwhile goes first. Raises WrongPassword."""
    if not User.objects.lock(user.user_id, user.password):
        raise WrongPassword


def _anew(user: User, change: str, amr: tuple[str, ...], now: datetime) -> Session:
    messages.access_changed(user, change)
    RefreshToken.objects.revoke_all(user.user_id, now)
    return session.opened(user, new_id(), amr, now)
