"""Access tokens: a real one opens the door, and nothing like one does."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone
from prometheus_client import REGISTRY

from frontrow.chassis import access_token, auth, http
from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import InvalidToken, NotFound, Unavailable
from tests.security.tokens import BAD, GONE, Forger
from tests.security.tokens import public as public_of

pytestmark = pytest.mark.django_db

KID = "the-key-of-these-tests"
OURS = Ed25519PrivateKey.generate()
FORGER = Forger(OURS, KID)
SUB, forged = FORGER.sub, FORGER.token


def public(private=OURS, **more):
    return public_of(private, **more)


@pytest.fixture
def known():
    """The key of these tests is one that users published a moment ago."""
    auth.KEYS.keys = {KID: access_token.key_of(public())}
    auth.KEYS.fetched = time.monotonic()


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
def test_anything_but_a_fresh_token_of_ours_is_refused(known, nobody, make):
    answer = nobody.client.get("/profile", headers={"Authorization": f"Bearer {make(FORGER)}"})
    assert answer.status_code == 401
    assert answer.json()["code"] in {"invalid_token", "not_signed_in"}
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("header", "claims"),
    [({}, {}), ({}, {"more": 1}), ({}, {"roles": GONE})],
    ids=["as users makes it", "more claims", "no roles"],
)
def test_a_fresh_token_of_ours_is_accepted(known, nobody, header, claims):
    token = forged(header, claims)
    assert auth.verify(token).user_id.hex == SUB.replace("-", "")
    assert nobody.get("/profile", Authorization=f"Bearer {token}")[1]["code"] == "not_found"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "not_signed_in"),
        ("Basic YWRhOnB3", "not_signed_in"),
        ("bearer", "invalid_token"),
        ("Bearer", "invalid_token"),
        ("Token x", "not_signed_in"),
        ("x", "not_signed_in"),
    ],
)
def test_without_a_bearer_token_nobody_is_signed_in(nobody, header, code):
    status, problem = nobody.get("/profile", Authorization=header)
    assert (status, problem["code"]) == (401, code)


@pytest.mark.parametrize("place", ["/profile?access_token={}", "/profile?token={}"])
def test_a_token_counts_in_the_header_only(known, nobody, place):
    nobody.client.cookies["access_token"] = forged()
    assert nobody.get(place.format(forged()))[0] == 401


@pytest.mark.parametrize(
    ("roles", "is_admin"), [([], False), (["admin"], True), (["a", "d"], False), (["administrator"], False)]
)
def test_an_administrator_is_who_has_the_role(known, roles, is_admin):
    assert auth.verify(forged(claims={"roles": roles})).is_admin is is_admin


def test_an_installation_accepts_only_its_own_issuer_and_audience(known, settings):
    changes = {"token_issuer": "https://tickets.example", "token_audience": "tickets"}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changes)
    for others in ({}, {"iss": "https://tickets.example"}, {"aud": "tickets"}):
        with pytest.raises(InvalidToken):
            auth.verify(forged(claims=others))
    assert auth.verify(forged(claims={"iss": "https://tickets.example", "aud": "tickets"}))


def test_where_one_may_be_anonymous_a_bad_token_is_refused_all_the_same(known, nobody):
    assert nobody.get("/events")[0] == 200
    assert nobody.get("/events", Authorization="Bearer x")[0] == 401
    assert nobody.get("/events", Authorization=f"Bearer {forged()}")[0] == 200


def fetches():
    """How often the key set was read from users."""
    labels = {"route": ".well-known/jwks.json", "method": "GET", "status": "200"}
    return REGISTRY.get_sample_value("frontrow_requests_total", labels) or 0


def test_keys_are_fetched_once_and_then_remembered(ben):
    before = fetches()
    for _ in range(5):
        assert auth.verify(ben.token).user_id == ben.user_id
    assert fetches() == before + 1


def test_an_old_key_set_is_fetched_again(ben, settings):
    auth.verify(ben.token)
    before = fetches()
    auth.KEYS.fetched -= settings.ENVIRONMENT.jwks_seconds
    cache.clear()
    auth.verify(ben.token)
    assert fetches() == before + 1


def test_a_token_of_a_new_key_is_accepted_at_once(known, ben):
    auth.KEYS.fetched -= auth.REFETCH_SECONDS  # the old set came a while ago, and is not old
    assert auth.verify(ben.token).user_id == ben.user_id


def test_keys_no_longer_published_are_forgotten(known, settings):
    assert auth.verify(forged())
    auth.KEYS.fetched -= settings.ENVIRONMENT.jwks_seconds
    with pytest.raises(InvalidToken):
        auth.verify(forged())


def test_unknown_keys_do_not_make_us_hammer_users(ben):
    auth.verify(ben.token)
    before = fetches()
    for n in range(50):
        with pytest.raises(InvalidToken):
            auth.verify(forged({"kid": f"unknown-{n}"}))
    assert fetches() == before
    auth.KEYS.fetched -= auth.REFETCH_SECONDS
    for n in range(50):
        with pytest.raises(InvalidToken):
            auth.verify(forged({"kid": f"unknown-{n}"}))
    assert fetches() == before + 1


@pytest.mark.django_db(transaction=True)
def test_a_crowd_with_unknown_keys_fetches_once(ben):
    auth.verify(ben.token)
    auth.KEYS.fetched -= auth.REFETCH_SECONDS
    before = fetches()
    gate = threading.Barrier(10)

    def try_one(number):
        try:
            gate.wait()
            with pytest.raises(InvalidToken):
                auth.verify(forged({"kid": f"unknown-{number}"}))
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as crowd:
        list(crowd.map(try_one, range(10)))
    assert fetches() == before + 1


@pytest.fixture
def replica():
    """Become a process that has just started."""

    def start():
        auth.KEYS = auth.KeySet()

    return start


def shared(*keys, age=0.0, secret=None):
    """Put a key set into the cache, as a process that fetched it so long ago does."""
    told = {"keys": list(keys), "fetched": time.time() - age}
    cache.set(auth.SHARED, signing.dumps(told, key=secret or auth._seal(), salt=auth.SHARED), 60)


def test_a_fresh_replica_takes_what_another_fetched(ben, replica):
    auth.verify(ben.token)
    before = fetches()
    replica()
    assert auth.verify(ben.token).user_id == ben.user_id
    assert fetches() == before


def test_also_over_redis_and_while_users_is_away(redis, ben, replica, settings):
    auth.verify(ben.token)
    before = fetches()
    replica()
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"users_url": "http://127.0.0.1:9"})
    assert auth.verify(ben.token).user_id == ben.user_id
    assert fetches() == before


@pytest.mark.parametrize("goes", ["kill", "freeze"])
def test_without_redis_each_fetches_for_itself(redis, ben, replica, goes):
    auth.verify(ben.token)
    before = fetches()
    getattr(redis, goes)()
    replica()
    assert auth.verify(ben.token).user_id == ben.user_id
    assert fetches() == before + 1


def test_a_token_of_a_key_newer_than_the_shared_set_is_accepted_at_once(ben):
    shared(public(kid=KID))
    before = fetches()
    assert auth.verify(ben.token).user_id == ben.user_id
    assert fetches() == before + 1
    with pytest.raises(InvalidToken):
        auth.verify(forged())  # users never published this one


def test_a_shared_set_is_not_used_for_longer_than_if_it_were_our_own(settings):
    shared(public(kid=KID), age=200)
    assert auth.verify(forged())
    assert auth.KEYS.fetched <= time.monotonic() - 200
    auth.KEYS = auth.KeySet()
    shared(public(kid=KID), age=settings.ENVIRONMENT.jwks_seconds + 1)
    with pytest.raises(InvalidToken):
        auth.verify(forged())


@pytest.mark.parametrize("junk", [7, "x", "a:b:c", None, [], b"x"])
def test_who_can_write_to_the_cache_makes_no_keys_that_we_trust(ben, replica, junk):
    shared(public(kid=KID), secret="a guess")
    with pytest.raises(InvalidToken):
        auth.verify(forged())
    replica()
    cache.set(auth.SHARED, junk, 60)
    assert auth.verify(ben.token)


def test_only_public_keys_are_shared(ben):
    auth.verify(ben.token)
    told = signing.loads(cache.get(auth.SHARED), key=auth._seal(), salt=auth.SHARED)
    assert set(told) == {"keys", "fetched"}
    assert {name for key in told["keys"] for name in key} == {"kty", "crv", "x", "kid", "use", "alg"}


@pytest.fixture
def users_away(settings):
    """Nobody listens where users should be."""
    http._client.cache_clear()
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"users_url": "http://127.0.0.1:9"})
    yield
    http._client.cache_clear()


def test_known_keys_serve_on_while_users_is_away(known, users_away, settings):
    auth.KEYS.fetched -= settings.ENVIRONMENT.jwks_seconds
    assert str(auth.verify(forged()).user_id) == SUB


def test_while_one_waits_for_users_those_with_known_keys_do_not(known, settings, monkeypatch):
    asked, answered = threading.Event(), threading.Event()

    def hangs(*_, **__):
        asked.set()
        answered.wait(60)
        raise Unavailable

    monkeypatch.setattr(http, "ask", hangs)
    auth.KEYS.fetched -= settings.ENVIRONMENT.jwks_seconds
    with ThreadPoolExecutor(2) as pool:
        waits = pool.submit(auth.verify, forged())
        assert asked.wait(30)
        goes_on = pool.submit(auth.verify, forged())
        try:
            assert str(goes_on.result(30).user_id) == SUB
            assert not waits.done()
        finally:
            answered.set()
    assert str(waits.result().user_id) == SUB


def test_a_token_that_cannot_be_judged_while_users_is_away_is_not_called_invalid(users_away, nobody):
    with pytest.raises(Unavailable):
        auth.verify(forged())
    status, problem = nobody.get("/profile", Authorization=f"Bearer {forged()}")
    assert (status, problem["code"]) == (503, "unavailable")


@pytest.mark.parametrize("secret", [None, "", "x", "wrong" * 13, "é"])
def test_a_call_without_our_secret_is_not_one_of_ours(secret):
    request = RequestFactory().get("/", headers={http.INTERNAL_HEADER: secret} if secret else {})
    with pytest.raises(NotFound):
        auth.Internal()(request)


def test_a_call_with_our_secret_is_one_of_ours(settings):
    secret = settings.ENVIRONMENT.derived_secret("internal")
    assert auth.Internal()(RequestFactory().get("/", headers={http.INTERNAL_HEADER: secret})) == "service"


def test_a_persons_token_opens_no_internal_door(ben):
    status, problem = ben.get(f"/internal/events/{new_id()}")
    assert (status, problem["code"]) == (404, "not_found")


def test_time_alone_ends_a_token(known, time_machine):
    token = forged()
    time_machine.move_to(timezone.now() + timedelta(seconds=901), tick=False)
    with pytest.raises(InvalidToken):
        auth.verify(token)
