"""Signing keys: made when missing or old, published before they sign, and while tokens of theirs may live.

A key signs until its `retired_at`, which is set when the next one is made: to the time by which every
verifier has fetched a key set with that one in it.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from jwt.algorithms import OKPAlgorithm

from frontrow.chassis.access_token import ALGORITHM, TYPE
from frontrow.chassis.http import ATTEMPTS
from frontrow.chassis.ids import new_id
from frontrow.services.users import rules, sealing
from frontrow.services.users.models import SigningKey

SKEW_SECONDS = 1  # between the clocks of processes, and pauses between attempts
PURPOSE = "signing keys"
_opened: dict[str, Ed25519PrivateKey] = {}


def sign(user_id: UUID, roles: list[str], now: datetime, amr: Sequence[str] = ("pwd",)) -> str:
    """An access token (RFC 9068) for a person, who came in by these means (RFC 8176)."""
    key = active(now)
    environment = settings.ENVIRONMENT
    claims = {
        "iss": environment.token_issuer, "aud": environment.token_audience, "sub": str(user_id),
        "iat": now, "exp": now + timedelta(seconds=environment.access_token_seconds),
        "jti": str(new_id()), "roles": roles, "amr": list(amr),
    }  # fmt: skip
    return jwt.encode(claims, _open(key), ALGORITHM, headers={"kid": key.kid, "typ": TYPE})


def published(now: datetime) -> dict[str, Any]:
    """The key set (RFC 7517): the keys that sign, now or soon, and those whose tokens may still live."""
    life = timedelta(seconds=settings.ENVIRONMENT.access_token_seconds)
    active(now)
    needed = SigningKey.objects.filter(Q(retired_at=None) | Q(retired_at__gte=now - life)).order_by("-kid")
    return {"keys": [key.public for key in needed]}


def active(now: datetime) -> SigningKey:
    """The key that signs now. The next is made when there is none, or before the last one is old."""
    newest = SigningKey.objects.filter(retired_at=None).first()
    period = timedelta(days=settings.ENVIRONMENT.key_rotation_days)
    if newest is None or rules.is_due(newest.created_at, period - _notice(), now):
        rotate(newest, now + _notice(), now)
    return _signs(now)


def renew(now: datetime) -> SigningKey:
    """Have a new key sign at once, also where the last one can no longer be opened.

    A service that fetched the key set within the last second may refuse it once.
    """
    SigningKey.objects.filter(retired_at__gt=now).update(retired_at=now)
    rotate(SigningKey.objects.filter(retired_at=None).first(), now, now)
    return _signs(now)


def rotate(old: SigningKey | None, takes_over: datetime, now: datetime) -> None:
    """Make the next key, which takes over from the old one then; who try at once agree on one."""
    with suppress(IntegrityError), transaction.atomic():
        if old is not None:
            SigningKey.objects.filter(kid=old.kid, retired_at=None).update(retired_at=takes_over)
        _make(now)


def _signs(now: datetime) -> SigningKey:
    """The first key that is not retired: those after it wait for their turn."""
    live = SigningKey.objects.filter(Q(retired_at=None) | Q(retired_at__gt=now))
    return live.order_by(F("retired_at").asc(nulls_last=True))[0]


def _notice() -> timedelta:
    """How long a key is published before it signs: a fetched key set is used no longer, with its fetching."""
    environment = settings.ENVIRONMENT
    return timedelta(seconds=environment.jwks_seconds + ATTEMPTS * environment.call_seconds + SKEW_SECONDS)


def _make(now: datetime) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    kid = str(new_id())
    public = {
        **OKPAlgorithm.to_jwk(private.public_key(), as_dict=True),
        "kid": kid,
        "use": "sig",
        "alg": ALGORITHM,
    }
    sealed = sealing.safe(PURPOSE).encrypt(private.private_bytes_raw())
    return SigningKey.objects.create(kid=kid, sealed=sealed, public=public, created_at=now)


def _open(key: SigningKey) -> Ed25519PrivateKey:
    if key.kid not in _opened:
        try:
            _opened[key.kid] = Ed25519PrivateKey.from_private_bytes(
                sealing.safe(PURPOSE).decrypt(bytes(key.sealed))
            )
        except InvalidToken as error:
            raise ValueError("SECRET_KEY is not the one that sealed the signing keys") from error
    return _opened[key.kid]
