"""A session lasts while its person is about, however many tabs wake up at once."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from frontrow.chassis.refusals import Unavailable
from frontrow.services.users import session as users_session
from frontrow.services.users import user
from frontrow.services.users.models import RefreshToken
from frontrow.web import session
from frontrow.web.session import Session, SessionOver

PASSWORD = "correct horse"


def signed_in() -> Session:
    """A session of an account that really exists."""
    if not users_session.User.objects.exists():
        user.register("ben", "ben@example.org", PASSWORD, {}, "127.0.0.1", timezone.now())
    told = users_session.sign_in("ben", PASSWORD, None, "127.0.0.1", timezone.now())
    return Session(
        str(told.user_id),
        told.access_token,
        told.refresh_token,
        time.time() + 900,
        "Ben",
        "en",
        "Europe/Berlin",
    )


def old(known: Session) -> Session:
    return replace(known, expires=0.0)


@pytest.mark.django_db
def test_a_renewal_brings_fresh_tokens_and_keeps_the_tastes():
    before = old(signed_in())
    after = session.renewed(before, "127.0.0.1")
    assert after.is_fresh
    assert after.access != before.access
    assert after.refresh != before.refresh
    assert (after.name, after.language, after.zone, after.user_id) == (
        "Ben",
        "en",
        "Europe/Berlin",
        before.user_id,
    )


@pytest.mark.django_db
def test_who_comes_with_the_old_cookie_again_gets_the_same_tokens():
    """The answer with the new cookie was on its way, or lost: using the token again would end the session."""
    before = old(signed_in())
    after = session.renewed(before, "127.0.0.1")
    assert session.renewed(before, "127.0.0.1") == after
    assert RefreshToken.objects.filter(revoked_at=None, used_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_all_who_must_renew_at_once_share_one_renewal():
    before, start = old(signed_in()), Barrier(10)

    def renew(_: int) -> Session:
        start.wait()
        try:
            return session.renewed(before, "127.0.0.1")
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        found = set(pool.map(renew, range(10)))
    assert len(found) == 1
    assert RefreshToken.objects.count() == 2
    assert not RefreshToken.objects.exclude(revoked_at=None).exists()


@pytest.mark.django_db
def test_another_process_that_renews_is_waited_for(monkeypatch):
    before, looks = old(signed_in()), []
    fresh = replace(before, access="theirs", expires=time.time() + 900)
    asked = session._remembered

    def theirs(place: str) -> Session | None:
        looks.append(place)
        return asked(place) if len(looks) < 3 else fresh

    monkeypatch.setattr(session, "_remembered", theirs)
    monkeypatch.setattr(session, "STEP_SECONDS", 0)
    cache.set(f"renewal:{session.hashlib.sha256(before.refresh.encode()).hexdigest()}:turn", 1, 60)
    assert session.renewed(before, "127.0.0.1") == fresh
    assert RefreshToken.objects.count() == 1


@pytest.mark.django_db
def test_while_another_process_still_renews_the_token_is_not_used_beside_it(monkeypatch):
    """A second use would end the session; who waited long enough is told to come again."""
    before = old(signed_in())
    monkeypatch.setattr(session, "STEP_SECONDS", 0)
    cache.set(f"renewal:{session.hashlib.sha256(before.refresh.encode()).hexdigest()}:turn", 1, 60)
    with pytest.raises(Unavailable):
        session.renewed(before, "127.0.0.1")
    assert not RefreshToken.objects.exclude(used_at=None).exists()
    cache.clear()
    assert session.renewed(before, "127.0.0.1").is_fresh


@pytest.mark.django_db
def test_a_session_that_ended_elsewhere_is_over():
    before = old(signed_in())
    users_session.sign_out(before.refresh, timezone.now())
    with pytest.raises(SessionOver):
        session.renewed(before, "127.0.0.1")


@pytest.mark.django_db
def test_while_users_is_away_nothing_is_lost(monkeypatch):
    before = old(signed_in())

    def away(*_: object, **__: object) -> None:
        raise Unavailable

    with monkeypatch.context() as outage:
        outage.setattr(session.http, "ask", away)
        with pytest.raises(Unavailable):
            session.renewed(before, "127.0.0.1")
    assert session.renewed(before, "127.0.0.1").is_fresh


@pytest.mark.django_db
def test_what_is_remembered_tells_no_token():
    before = old(signed_in())
    after = session.renewed(before, "127.0.0.1")
    place = f"renewal:{session.hashlib.sha256(before.refresh.encode()).hexdigest()}"
    kept = cache.get(place)
    assert after.access not in kept
    assert after.refresh not in kept


@pytest.mark.parametrize(
    ("host", "name", "secure"),
    [("127.0.0.1:8000", "__Host-frontrow", True), ("localhost", "__Host-frontrow", True),
     ("[::1]:8000", "__Host-frontrow", True), ("tickets.lan", "frontrow", False), ("127.evil.example", "frontrow", False)],
)  # fmt: skip
def test_the_cookie_is_bound_to_its_host_where_nobody_can_listen(host, name, secure):
    request = RequestFactory(headers={"Host": host}).get("/")
    assert (session.cookie_name(request), session.is_secure(request)) == (name, secure)


def test_https_is_told_by_the_gateway_only(settings):
    plain = RequestFactory(headers={"Host": "tickets.example", "X-Forwarded-Proto": "https"}).get("/")
    assert not session.is_secure(plain)


KNOWN = Session("ben", "access", "refresh", 0.0)
OPEN = json.dumps(asdict(KNOWN))


@pytest.mark.parametrize("cookie", [
    "", "nonsense", "gAAAA", "ü", "a" * 5000, OPEN, base64.urlsafe_b64encode(OPEN.encode()).decode(),
    Fernet(Fernet.generate_key()).encrypt(OPEN.encode()).decode(),
], ids=lambda cookie: cookie[:8])  # fmt: skip
def test_a_cookie_that_we_did_not_seal_is_nobody(cookie):
    assert session._unsealed(cookie) is None


def test_nor_is_one_of_ours_in_which_a_bit_was_changed():
    sealed = session._sealed(KNOWN)
    assert session._unsealed(sealed) == KNOWN
    raw = bytearray(base64.urlsafe_b64decode(sealed))
    for place in range(len(raw)):
        raw[place] ^= 1
        assert session._unsealed(base64.urlsafe_b64encode(raw).decode()) is None, place
        raw[place] ^= 1


@pytest.mark.django_db
def test_pages_hand_on_the_new_tokens_and_drop_what_is_over():
    known = signed_in()
    client = Client(headers={"Accept": "text/html"})
    client.cookies["frontrow"] = session._sealed(old(known))
    cookie = client.get("/").cookies["frontrow"]
    renewed = session._unsealed(cookie.value)
    assert renewed.is_fresh
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    users_session.sign_out(renewed.refresh, timezone.now())
    client.cookies["frontrow"] = session._sealed(old(renewed))
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.cookies["frontrow"]["max-age"] == 0
