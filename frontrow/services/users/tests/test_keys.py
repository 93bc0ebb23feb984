import base64
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from django.db import IntegrityError, connection, transaction
from pydantic import SecretStr

from frontrow.chassis import auth
from frontrow.chassis.ids import new_id
from frontrow.services.users import keys
from frontrow.services.users.models import SigningKey
from frontrow.services.users.tests.people import at_once

pytestmark = pytest.mark.django_db

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
ROTATION, LIFE = timedelta(days=90), timedelta(seconds=900)
MOMENT = timedelta(microseconds=1)


def published(now):
    return [key["kid"] for key in keys.published(now)["keys"]]


def kid_of(token):
    return jwt.get_unverified_header(token)["kid"]


def test_the_first_one_who_needs_a_key_makes_it():
    assert not SigningKey.objects.exists()
    assert published(NOW) == [keys.active(NOW).kid]
    assert SigningKey.objects.count() == 1


@pytest.fixture
def notice():
    return keys._notice()


@pytest.mark.parametrize(
    ("age", "same"), [(timedelta(0), True), (ROTATION - MOMENT, True), (ROTATION, False)], ids=str
)
def test_a_key_signs_until_it_is_ninety_days_old(notice, age, same):
    first = keys.active(NOW)
    keys.active(NOW + ROTATION - notice)
    assert (keys.active(NOW + age).kid == first.kid) is same
    assert SigningKey.objects.filter(retired_at=None).count() == 1


def test_a_key_is_published_before_it_signs_for_as_long_as_anybody_may_not_know_it(notice, settings):
    first = keys.active(NOW)
    before = NOW + ROTATION - notice - MOMENT
    assert published(before) == [first.kid]
    made = before + MOMENT
    next_one, _ = published(made)
    assert [keys.active(made + age).kid for age in (0 * notice, notice - MOMENT, notice)] == [
        first.kid, first.kid, next_one,
    ]  # fmt: skip
    environment = settings.ENVIRONMENT
    assert notice > timedelta(seconds=environment.jwks_seconds + environment.call_seconds)


def test_keys_that_wait_sign_in_the_order_in_which_they_were_made(notice):
    first = keys.active(NOW)
    keys.rotate(first, NOW + notice, NOW)
    second = SigningKey.objects.get(retired_at=None)
    keys.rotate(second, NOW + notice + notice, NOW + notice / 2)
    third = SigningKey.objects.get(retired_at=None)
    turns = [keys.active(NOW + notice * n).kid for n in (0, 1, 2)]
    assert turns == [first.kid, second.kid, third.kid]
    assert published(NOW + notice) == [third.kid, second.kid, first.kid]


def test_an_installation_sets_how_often_keys_rotate(configure, notice):
    configure(key_rotation_days=1)
    first = keys.active(NOW)
    keys.active(NOW + timedelta(days=1) - notice)
    assert keys.active(NOW + timedelta(days=1)).kid != first.kid


def test_a_key_that_nobody_asked_for_in_time_signs_until_the_next_one_is_known(notice):
    first = keys.active(NOW)
    late = NOW + ROTATION * 2
    assert keys.active(late).kid == first.kid
    assert keys.active(late + notice).kid != first.kid


def test_a_retired_key_is_published_while_its_tokens_may_live(notice):
    old = keys.active(NOW)
    new, _ = published(NOW + ROTATION - notice)
    rotated = NOW + ROTATION
    assert published(rotated) == [new, old.kid]
    assert published(rotated + LIFE) == [new, old.kid]
    assert published(rotated + LIFE + MOMENT) == [new]


def test_asking_for_the_keys_rotates_them_as_well():
    old = published(NOW)
    assert published(NOW + ROTATION)[1:] == old


def test_tokens_signed_before_and_after_a_rotation_are_both_good(time_machine, notice):
    keys.active(NOW)
    early, late = NOW + ROTATION - notice, NOW + ROTATION
    person, tokens = new_id(), []
    for moment in (early, late):
        time_machine.move_to(moment, tick=False)
        tokens.append(keys.sign(person, [], moment))
    assert len({kid_of(token) for token in tokens}) == 2
    assert [auth.verify(token).user_id for token in tokens] == [person, person]


def test_a_service_that_asked_at_the_worst_moment_knows_a_key_before_it_signs(time_machine, notice, settings):
    """Its key set came a moment before the new key was made, and is used for as long as it may be."""
    keys.active(NOW)
    made = NOW + ROTATION - notice
    time_machine.move_to(made - MOMENT, tick=False)
    auth.verify(keys.sign(new_id(), [], made - MOMENT))
    fetched, asked = auth.KEYS.fetched, list(auth.KEYS.keys)
    new, _ = published(made)
    assert asked
    assert new not in asked
    time_machine.move_to(NOW + ROTATION, tick=False)
    token = keys.sign(new_id(), [], NOW + ROTATION)
    assert kid_of(token) == new
    auth.KEYS.fetched = fetched - settings.ENVIRONMENT.jwks_seconds  # as old as a set may get, and no older
    assert auth.verify(token)


def test_the_key_set_is_public_and_tells_no_secret(nobody):
    status, body = nobody.get("/.well-known/jwks.json")
    assert status == 200
    (key,) = body["keys"]
    assert {**key, "kid": "", "x": ""} == {
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "", "x": "",
    }  # fmt: skip


def test_a_private_key_lies_in_the_database_only_sealed():
    key = keys.active(NOW)
    private = keys._open(key)
    assert private.public_key().public_bytes_raw() == base64.urlsafe_b64decode(key.public["x"] + "==")
    with connection.cursor() as cursor:
        cursor.execute("SELECT users_signingkey::text, sealed FROM users_signingkey")
        text, sealed = cursor.fetchone()
    raw = private.private_bytes_raw()
    assert raw not in bytes(sealed)
    for plain in (
        raw.hex(),
        base64.b64encode(raw).decode()[:40],
        base64.urlsafe_b64encode(raw).decode()[:40],
    ):
        assert plain not in text
        assert plain.encode() not in bytes(sealed)


def test_a_stolen_database_opens_no_key_without_the_installations_secret(configure):
    key = keys.active(NOW)
    keys._opened.clear()
    configure(secret_key=SecretStr("another installation " * 2))
    with pytest.raises(ValueError, match="SECRET_KEY"):
        keys._open(key)


def test_the_database_knows_at_most_one_active_key():
    keys.active(NOW)
    with pytest.raises(IntegrityError, match="users_one_active_key"), transaction.atomic():
        keys._make(NOW)


@pytest.mark.django_db(transaction=True)
def test_who_start_at_once_agree_on_the_first_key():
    kids = at_once(10, lambda _: keys.active(NOW).kid)
    assert len(set(kids)) == 1
    assert SigningKey.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_rotate_at_once_agree_on_the_next_key(notice):
    old = keys.active(NOW)
    early = NOW + ROTATION - notice
    assert set(at_once(10, lambda _: keys.active(early).kid)) == {old.kid}
    (new,) = SigningKey.objects.filter(retired_at=None)
    assert set(at_once(10, lambda _: keys.active(NOW + ROTATION).kid)) == {new.kid}
    assert published(NOW + ROTATION) == [new.kid, old.kid]


@pytest.mark.django_db(transaction=True)
def test_tokens_signed_at_once_at_a_rotation_are_all_good(time_machine, notice):
    keys.active(NOW)
    time_machine.move_to(NOW + ROTATION - notice, tick=False)
    tokens = at_once(10, lambda _: keys.sign(new_id(), [], NOW + ROTATION - notice))
    time_machine.move_to(NOW + ROTATION, tick=False)
    tokens += at_once(10, lambda _: keys.sign(new_id(), [], NOW + ROTATION))
    assert len({kid_of(token) for token in tokens}) == 2
    assert len({auth.verify(token).user_id for token in tokens}) == 20


def test_a_key_renewed_by_hand_signs_at_once_and_the_last_ones_tokens_stay_valid():
    old = keys.active(NOW)
    new = keys.renew(NOW)
    assert keys.active(NOW).kid == new.kid != old.kid
    assert published(NOW) == [new.kid, old.kid]


def test_a_key_renewed_by_hand_does_not_wait_for_one_that_waits(notice):
    old = keys.active(NOW)
    keys.rotate(old, NOW + notice, NOW)
    new = keys.renew(NOW)
    assert new == SigningKey.objects.get(retired_at=None)
    assert keys.active(NOW).kid == keys.active(NOW + notice).kid == new.kid
    assert len(published(NOW)) == 3


def test_under_another_secret_a_renewed_key_signs_and_the_last_ones_tokens_stay_valid(configure, monkeypatch):
    token = keys.sign(new_id(), [], NOW)
    configure(secret_key=SecretStr("another secret of this installation"))
    monkeypatch.setattr(keys, "_opened", {})  # as in a new process
    with pytest.raises(ValueError, match="SECRET_KEY"):
        keys.sign(new_id(), [], NOW)
    renewed = keys.renew(NOW)
    assert kid_of(keys.sign(new_id(), [], NOW)) == renewed.kid
    assert kid_of(token) in published(NOW)
