"""The story of the second factor: codes of an app by time (TOTP, RFC 6238), and recovery codes."""

import hashlib
import hmac
import secrets
from datetime import datetime
from uuid import UUID

import pyotp
from django.conf import settings

from frontrow.services.users import sealing
from frontrow.services.users.models import RecoveryCode, TwoFactor, User

PASSWORD, APP, RECOVERY = ("pwd",), ("pwd", "otp", "mfa"), ("pwd", "mfa")  # how one came in (RFC 8176)
RECOVERY_CODES, RECOVERY_BYTES = 10, 10  # of 80 bits: too many to guess, so that a quick hash is enough
STEPS = (0, -1, 1)  # clocks differ by half a minute


def is_on(user_id: UUID) -> bool:
    return TwoFactor.objects.on().filter(user_id=user_id).exists()


def prepared(user: User, now: datetime) -> tuple[str, str]:
    """A new secret that is of no effect until it is confirmed, and the address by which apps take it."""
    secret = pyotp.random_base32()
    sealed = sealing.safe("two-factor secrets").encrypt(secret.encode())
    TwoFactor.objects.update_or_create(
        user=user, defaults={"sealed": sealed, "created_at": now, "confirmed_at": None, "last_step": 0}
    )
    return secret, pyotp.TOTP(secret, name=user.username, issuer="Frontrow").provisioning_uri()


def used(user_id: UUID, code: str, now: datetime) -> tuple[str, ...] | None:
    """How one came in by this code, which is used up; None if it is wrong, or was used before."""
    plain = _plain(code)
    factor = TwoFactor.objects.on().filter(user_id=user_id).first()
    if factor is None:
        return None
    if takes_step(factor, plain, now):
        return APP
    return RECOVERY if RecoveryCode.objects.use(user_id, _digest(user_id, plain), now) else None


def takes_step(factor: TwoFactor, code: str, now: datetime) -> bool:
    """Whether it is a code of this moment that nobody used; it is used up, and those before it."""
    secret = sealing.safe("two-factor secrets").decrypt(bytes(factor.sealed)).decode()
    totp = pyotp.TOTP(secret)
    present = totp.timecode(now)
    right = [
        present + step
        for step in STEPS
        if hmac.compare_digest(totp.generate_otp(present + step).encode(), _plain(code).encode())
    ]
    return any(TwoFactor.objects.take_step(factor.user_id, step) for step in right)


def new_recovery_codes(user_id: UUID) -> list[str]:
    """Codes that each work once, in place of all before. They are told now and never again."""
    raw = [secrets.token_hex(RECOVERY_BYTES) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user_id=user_id).delete()
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(digest=_digest(user_id, code), user_id=user_id) for code in raw]
    )
    return ["-".join(code[n : n + 5] for n in range(0, len(code), 5)) for code in raw]


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _digest(user_id: UUID, code: str) -> str:
    secret = settings.ENVIRONMENT.derived_secret("recovery codes")
    return hmac.new(secret.encode(), f"{user_id} {code}".encode(), hashlib.sha256).hexdigest()
