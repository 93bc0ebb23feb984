"""What an access token says: its form and its claims (RFC 9068). Who signed it: signatures.py.

No clock, no network. Who comes when a sale opens shows a token that is new to us, so this is a large part of
what a booking costs (docs/decisions/0036-access-tokens-are-read-by-us.md).
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from nacl.signing import VerifyKey

from frontrow.chassis.refusals import InvalidToken

Key = VerifyKey
ALGORITHM, TYPE = "EdDSA", "at+jwt"
HEADER = {"alg", "typ", "kid"}  # what users says there, and nothing else
# Three parts in the one spelling that base64url has for each: the last character of 64 bytes ends in zeros.
COMPACT = re.compile(r"[A-Za-z0-9_-]{1,1000}\.[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{85}[AQgw]")


@dataclass(frozen=True, slots=True)
class Claims:
    """What users has signed; seconds since 1970 in which it is so."""

    issuer: str
    audience: str
    user_id: UUID
    roles: frozenset[str]
    amr: frozenset[str]
    begins: int
    ends: int


def key_of(published: Mapping[str, str]) -> Key:
    """A public key of a key set (RFC 8037). Raises ValueError, or KeyError, for one of another kind."""
    if (published["kty"], published["crv"]) != ("OKP", "Ed25519"):
        raise ValueError(f"no key of ours: {published['kty']}")
    return Key(_bytes(published["x"]))


def kid_of(token: str) -> str:
    """The key that a token names. Raises InvalidToken unless its form and header are as users makes them."""
    if not COMPACT.fullmatch(token):
        raise InvalidToken
    return _kid(token.partition(".")[0])


def claims_of(token: str, is_signed: bool) -> Claims:
    """The claims of a token of good form. Raises InvalidToken unless they are signed, and such as ours."""
    if not is_signed:
        raise InvalidToken
    try:
        return _claims(json.loads(_bytes(token.split(".")[1]).decode()))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InvalidToken from None


@lru_cache(maxsize=64)
def _kid(header: str) -> str:
    """Remembered, since all tokens of a key have the same header."""
    try:
        told = json.loads(_bytes(header), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise InvalidToken from None
    if not isinstance(told, dict) or told.keys() != HEADER or not isinstance(told["kid"], str):
        raise InvalidToken
    if (told["alg"], told["typ"]) != (ALGORITHM, TYPE):
        raise InvalidToken
    return told["kid"]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("a member stands twice")
    return told


def _claims(told: Any) -> Claims:
    """Raises ValueError, TypeError or KeyError for what users never says."""
    texts, times = (told["iss"], told["aud"], told["sub"]), (told["iat"], told.get("nbf", 0), told["exp"])
    if {*map(type, texts)} != {str} or {*map(type, times)} != {int}:
        raise TypeError
    user_id = UUID(told["sub"])
    if str(user_id) != told["sub"]:
        raise ValueError("another spelling of an id")
    roles, amr = _words(told.get("roles", [])), _words(told.get("amr", []))
    return Claims(told["iss"], told["aud"], user_id, roles, amr, max(times[:2]), told["exp"])


def _words(told: Any) -> frozenset[str]:
    if not isinstance(told, list) or not {*map(type, told)} <= {str}:
        raise TypeError
    return frozenset(told)


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")
