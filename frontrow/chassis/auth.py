"""Who is asking: access tokens (access_token.py) verified against the key set of users."""

import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest
from ninja.security import APIKeyHeader, HttpBearer

from frontrow.chassis import access_token, clock, http, signatures
from frontrow.chassis.middleware import INTERNAL_HEADER, from_service
from frontrow.chassis.refusals import InvalidToken, NotFound, Refusal, Unavailable

log = structlog.get_logger(__name__)
ADMIN, TWO_FACTORS = "admin", "mfa"
LEEWAY_SECONDS = 5  # that users' database may be ahead of ours
LONGEST_SECONDS = 86_400 + LEEWAY_SECONDS  # that any installation lets a token live
SHARED = "key-set"  # where replicas share what they fetched
REFETCH_SECONDS = 1.0  # an unknown kid asks users again, at most this often
MOST_KNOWN = 20_000  # tokens whose signature a process remembers to be good: some 15 MB


class TwoFactorNeeded(Refusal):
    code, status = "two_factor_needed", 403
    detail = "Organisers sign in in two steps here. Turn that on in your account, then try again."


@dataclass(frozen=True, slots=True)
class Person:
    """The bearer of a valid access token."""

    user_id: UUID
    roles: frozenset[str] = frozenset()
    amr: frozenset[str] = frozenset()  # how they came in (RFC 8176)

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.roles


class KeySet:
    """The public keys of users by kid.

    When one is missing or the set is old, it is taken from the cache, or else fetched from users.
    """

    def __init__(self) -> None:
        self.keys: dict[str, access_token.Key] = {}
        self.people: OrderedDict[str, tuple[Person, float]] = OrderedDict()  # by token, until it expires
        self.fetched = float("-inf")
        self.failure: Unavailable | None = None  # of the last fetch
        self.lock = threading.Lock()  # of who asks users
        self.memory = threading.Lock()

    def find(self, kid: str) -> access_token.Key:
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

    def recall(self, token: str) -> Person | None:
        """The person of a token that these keys verified, while both last, and while one asks for others."""
        person, until = self.people.get(token, (None, 0.0))
        return person if until > clock.seconds() and (not self._is_old() or self.lock.locked()) else None

    def remember(self, token: str, kid: str, person: Person, until: float) -> None:
        with self.memory:
            if kid not in self.keys:
                return
            if len(self.people) >= MOST_KNOWN:
                self.people.popitem(last=False)
            self.people[token] = person, until

    def is_fresh(self, kid: str) -> bool:
        """Whether this key can be told without asking, now and a moment later."""
        age = time.monotonic() - self.fetched
        return kid in self.keys and age < settings.ENVIRONMENT.jwks_seconds - REFETCH_SECONDS

    def _is_due(self, kid: str) -> bool:
        unknown = kid not in self.keys and time.monotonic() - self.fetched > REFETCH_SECONDS
        return unknown or self._is_old()

    def _is_old(self) -> bool:
        return time.monotonic() - self.fetched > settings.ENVIRONMENT.jwks_seconds

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
        keys = {key["kid"]: access_token.key_of(key) for key in published}
        with self.memory:
            self.keys, self.people = keys, OrderedDict()
        self.failure, self.fetched = None, fetched


def _seal() -> str:
    """Who can write to the cache must not make keys that we trust."""
    return settings.ENVIRONMENT.derived_secret("key set")


KEYS = KeySet()


async def recognise(
    token: str, is_signed: Callable[[str, access_token.Key], Awaitable[bool]]
) -> Person | None:
    """The same as `verify`, if nobody need be asked for a key; `is_signed` as in signatures.py."""
    if person := KEYS.recall(token):
        return person
    kid = access_token.kid_of(token)
    if not KEYS.is_fresh(kid):
        return None
    return _admitted(token, kid, await is_signed(token, KEYS.find(kid)))


def verify(token: str) -> Person:
    """The person of an access token. Raises InvalidToken for anything but a fresh one of ours."""
    if person := KEYS.recall(token):
        return person
    kid = access_token.kid_of(token)
    return _admitted(token, kid, signatures.is_signed(token, KEYS.find(kid)))


def _admitted(token: str, kid: str, is_signed: bool) -> Person:
    environment, claims = settings.ENVIRONMENT, access_token.claims_of(token, is_signed)
    if (claims.issuer, claims.audience) != (environment.token_issuer, environment.token_audience):
        raise InvalidToken
    if not _is_fresh(claims):
        raise InvalidToken
    person = Person(claims.user_id, claims.roles, claims.amr)
    KEYS.remember(token, kid, person, claims.ends)
    return person


def _is_fresh(claims: access_token.Claims) -> bool:
    """Whether a token is to be taken now, by the clock that all share; nothing else knows that clock."""
    now = clock.seconds()
    return claims.begins <= now + LEEWAY_SECONDS and now < claims.ends <= now + LONGEST_SECONDS


class Bearer(HttpBearer):
    """Requires an access token."""

    def authenticate(self, request: HttpRequest, token: str) -> Person:
        return verify(token)


class Organizer(Bearer):
    """Requires an access token, and where ORGANIZERS_NEED_TWO_FACTOR, one of a sign-in in two steps."""

    def authenticate(self, request: HttpRequest, token: str) -> Person:
        found = super().authenticate(request, token)
        if settings.ENVIRONMENT.organizers_need_two_factor and TWO_FACTORS not in found.amr:
            raise TwoFactorNeeded
        return found


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
