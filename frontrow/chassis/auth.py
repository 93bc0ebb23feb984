"""Who is asking: access tokens (EdDSA, RFC 9068) verified against the key set of users."""

import threading
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
import structlog
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest
from ninja.security import APIKeyHeader, HttpBearer

from frontrow.chassis import http
from frontrow.chassis.middleware import INTERNAL_HEADER, from_service
from frontrow.chassis.refusals import InvalidToken, NotFound, Unavailable

log = structlog.get_logger(__name__)
ALGORITHM = "EdDSA"
TOKEN_TYPE = "at+jwt"  # noqa: S105
ADMIN = "admin"
CLAIMS = ["iss", "aud", "sub", "iat", "exp"]
SHARED = "key-set"  # where replicas share what they fetched
REFETCH_SECONDS = 1.0  # an unknown kid asks users again, at most this often


@dataclass(frozen=True, slots=True)
class Person:
    """The bearer of a valid access token."""

    user_id: UUID
    roles: frozenset[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.roles


class KeySet:
    """The public keys of users by kid.

    When one is missing or the set is old, it is taken from the cache, or else fetched from users.
    """

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.fetched = float("-inf")
        self.failure: Unavailable | None = None  # of the last fetch
        self.lock = threading.Lock()

    def find(self, kid: str) -> Any:
        """The key of this kid. Raises InvalidToken if users publishes none, Unavailable if it is away.

        While one asks, who has a key that was good a moment ago goes on with it: users may be slow to answer.
        """
        if self._is_due(kid) and self.lock.acquire(blocking=kid not in self.keys):
            try:
                if self._is_due(kid) and not self._recall(kid):  # nobody else fetched while we waited
                    self._fetch()
            finally:
                self.lock.release()
        keys, failure = self.keys, self.failure  # another may replace them at any moment
        if kid in keys:
            return keys[kid]
        raise failure.with_traceback(None) if failure else InvalidToken

    def _is_due(self, kid: str) -> bool:
        age = time.monotonic() - self.fetched
        return age > settings.ENVIRONMENT.jwks_seconds or (kid not in self.keys and age > REFETCH_SECONDS)

    def _recall(self, kid: str) -> bool:
        """Take what another process fetched lately, if the kid is in it."""
        try:
            told = signing.loads(str(cache.get(SHARED, "")), key=_seal(), salt=SHARED)
        except signing.BadSignature:  # or there is nothing
            return False
        age = max(0.0, time.time() - told["fetched"])
        if age > settings.ENVIRONMENT.jwks_seconds or all(key["kid"] != kid for key in told["keys"]):
            return False
        self._take(told["keys"], time.monotonic() - age)
        return True

    def _fetch(self) -> None:
        """Ask users; while it is away, the keys we know serve on, and it is not asked more often."""
        try:
            published = http.ask("users", "GET", "/.well-known/jwks.json").json()["keys"]
            self._take(published, time.monotonic())
            told = signing.dumps({"keys": published, "fetched": time.time()}, key=_seal(), salt=SHARED)
            cache.set(SHARED, told, settings.ENVIRONMENT.jwks_seconds)
        except Unavailable as failure:
            log.warning("key_set_is_old", exc_info=True)
            self.failure, self.fetched = failure, time.monotonic()

    def _take(self, published: list[dict[str, Any]], fetched: float) -> None:
        self.keys = {key["kid"]: jwt.PyJWK(key, algorithm=ALGORITHM) for key in published}
        self.failure, self.fetched = None, fetched


def _seal() -> str:
    """Who can write to the cache must not make keys that we trust."""
    return settings.ENVIRONMENT.derived_secret("key set")


KEYS = KeySet()


def verify(token: str) -> Person:
    """The person of an access token. Raises InvalidToken for anything but a fresh one of ours."""
    environment = settings.ENVIRONMENT
    try:
        header = jwt.get_unverified_header(token)
        if (
            header.get("alg") != ALGORITHM
            or header.get("typ") != TOKEN_TYPE
            or not isinstance(header.get("kid"), str)
        ):
            raise InvalidToken
        claims = jwt.decode(
            token, KEYS.find(header["kid"]), algorithms=[ALGORITHM],
            audience=environment.token_audience, issuer=environment.token_issuer,
            options={"require": CLAIMS, "strict_aud": True},
        )  # fmt: skip
        return Person(UUID(claims["sub"]), frozenset(claims.get("roles", ())))
    except (jwt.InvalidTokenError, ValueError, TypeError):
        raise InvalidToken from None


class Bearer(HttpBearer):
    """Requires an access token."""

    def authenticate(self, request: HttpRequest, token: str) -> Person:
        return verify(token)


class MaybeBearer(HttpBearer):
    """Takes an access token if there is one; a bad one is still refused."""

    def __call__(self, request: HttpRequest) -> Person | str | None:
        return super().__call__(request) if request.headers.get("Authorization") else "anonymous"

    def authenticate(self, request: HttpRequest, token: str) -> Person:
        return verify(token)


class Internal(APIKeyHeader):
    """Requires a call from another of our services; for anybody else there is nothing here."""

    param_name = INTERNAL_HEADER

    def authenticate(self, request: HttpRequest, key: str | None) -> str:
        if not from_service(request):
            raise NotFound
        return "service"


def person(request: HttpRequest) -> Person:
    """The person of a route that requires a token."""
    return request.auth  # type: ignore[attr-defined]


def maybe_person(request: HttpRequest) -> Person | None:
    """The person of a route that may be anonymous."""
    found = person(request)
    return found if isinstance(found, Person) else None
