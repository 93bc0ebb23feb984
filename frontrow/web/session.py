"""Who is signed in: a sealed cookie that holds the tokens, renewed while the person is about."""

import base64
import hashlib
import ipaddress
import json
import time
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import structlog
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.cache import cache, caches
from django.http import HttpRequest, HttpResponse

from frontrow.chassis import http, refusals
from frontrow.chassis.middleware import CLIENT_ADDRESS, from_gateway
from frontrow.chassis.sharing import Shared

log = structlog.get_logger(__name__)
LEEWAY_SECONDS = 30  # a token that ends sooner is renewed first
TURN_SECONDS, TURN_STEPS, STEP_SECONDS = 10, 60, 0.05  # how long another process may take to renew
RENEWALS = Shared()


class SessionOver(Exception):
    """The session ended: by its age, or since the person signed out everywhere."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person's tokens and tastes; `expires` is the access token's end, in seconds of the epoch."""

    user_id: str
    access: str
    refresh: str
    expires: float
    name: str = ""
    language: str = ""
    zone: str = ""

    @classmethod
    def of(cls, told: dict[str, Any], **tastes: str) -> "Session":
        """From what users answers to a sign-in or renewal."""
        expires = time.time() + told["expiresIn"]
        return cls(told["userId"], told["accessToken"], told["refreshToken"], expires, **tastes)

    @property
    def is_fresh(self) -> bool:
        return time.time() < self.expires - LEEWAY_SECONDS

    def with_profile(self, profile: dict[str, Any]) -> "Session":
        """The same, with the name, language and time zone of an account."""
        info = profile["profileInfo"]
        tastes = {"language": info.get("locale", "")[:2], "zone": info.get("timezone", "")}
        return replace(self, name=info.get("displayName") or profile["username"], **tastes)


def opened(request: HttpRequest) -> Session | None:
    """The session of a request's cookie; None without one that we sealed."""
    return _unsealed(request.COOKIES.get(cookie_name(request), ""))


def keep(request: HttpRequest, response: HttpResponse, session: Session | None) -> None:
    """Have the browser keep this session, or forget the one it has."""
    name, secure = cookie_name(request), is_secure(request)
    if session is None:
        response.delete_cookie(name, samesite="Lax")
        response.cookies[name]["secure"] = secure
        return
    age = settings.ENVIRONMENT.refresh_token_days * 86400
    response.set_cookie(
        name, _sealed(session), max_age=age, path="/", secure=secure, httponly=True, samesite="Lax"
    )


def cookie_name(request: HttpRequest) -> str:
    """Browsers take `__Host-` from this very host only, and only where nobody can listen."""
    return "__Host-frontrow" if is_secure(request) else "frontrow"


def is_secure(request: HttpRequest) -> bool:
    """Whether the browser came by https or from this machine."""
    told = request.headers.get("X-Forwarded-Proto", "") if from_gateway(request) else ""
    public = urlsplit(settings.ENVIRONMENT.public_url)
    here = is_loopback(f"//{request.get_host()}")
    return request.is_secure() or told == "https" or public.scheme == "https" or here


def is_loopback(address: str) -> bool:
    """Whether a URL leads to this machine itself."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # another name
        return False


def renewed(session: Session, address: str) -> Session:
    """A session with fresh tokens; all who ask at once, in any process, share one renewal.

    A refresh token works once: a second use would end the session. So who comes a little later, because the
    answer with the new cookie was on its way or lost, gets what was got then.
    Raises SessionOver, Unavailable.
    """
    return RENEWALS.call(session.refresh, lambda: _in_turn(session, address))


def _in_turn(session: Session, address: str) -> Session:
    place = "renewal:" + hashlib.sha256(session.refresh.encode()).hexdigest()
    turn = f"{place}:turn"
    for _ in range(TURN_STEPS):
        if known := _remembered(place):
            return known
        if cache.add(turn, 1, TURN_SECONDS) or cache.get(turn) is None:  # ours, or nobody can tell
            break
        time.sleep(STEP_SECONDS)
    else:
        raise refusals.Unavailable  # another asks still; to use the token beside it would end the session
    try:
        fresh = _ask(session, address)
    except Exception:
        cache.delete(turn)
        raise
    for memory in (cache, caches["local"]):
        memory.set(place, _sealed(fresh), settings.ENVIRONMENT.access_token_seconds)
    return fresh


def _remembered(place: str) -> Session | None:
    known = cache.get(place) or caches["local"].get(place)
    return _unsealed(str(known)) if known else None


def _ask(session: Session, address: str) -> Session:
    body, headers = {"refreshToken": session.refresh}, {CLIENT_ADDRESS: address}
    answer = http.ask("users", "POST", "/token/refresh", json=body, headers=headers)
    if answer.status_code == 401:
        raise SessionOver
    if answer.status_code != 200:
        log.error("renewal_refused", status=answer.status_code)
        raise refusals.Unavailable
    told = Session.of(answer.json())
    return replace(session, access=told.access, refresh=told.refresh, expires=told.expires)


def _sealed(session: Session) -> str:
    return _seal().encrypt(json.dumps(asdict(session)).encode()).decode()


def _unsealed(sealed: str) -> Session | None:
    try:
        return Session(**json.loads(_seal().decrypt(sealed.encode())))
    except (InvalidToken, UnicodeEncodeError, ValueError, TypeError):  # not ours, or of a version before
        return None


def _seal() -> Fernet:
    """Who reads our cache or a copied cookie jar from elsewhere learns no token."""
    secret = bytes.fromhex(settings.ENVIRONMENT.derived_secret("web session"))
    return Fernet(base64.urlsafe_b64encode(secret))
