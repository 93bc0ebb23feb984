"""Signing in in two steps: a password, and a code of an app or a recovery code."""

from datetime import timedelta

import jwt
import pyotp
import pytest
from django.db import connection
from django.utils import timezone

from frontrow.chassis.models import Outbox
from frontrow.services.users.models import Link, RecoveryCode, RefreshToken, TwoFactor, User
from frontrow.services.users.tests.people import PASSWORD, at_once, broken_at

pytestmark = pytest.mark.django_db

CAFE = "198.51.100.7"
NOON = "2030-01-01T12:00:10Z"  # ten seconds into a time step


def refused(answer):
    return answer[0], answer[1]["code"]


def amr(session):
    return jwt.decode(session["accessToken"], options={"verify_signature": False})["amr"]


class Phone:
    """Ada's app, and what she wrote down."""

    def __init__(self, secret):
        self.totp, self.codes = pyotp.TOTP(secret), []

    def code(self, steps=0):
        return self.totp.at(timezone.now(), counter_offset=steps)


@pytest.fixture(autouse=True)
def _noon(time_machine):
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def own(session, nobody):
    """Call a route as Ada, with the tokens she has now."""
    tokens = {"now": session["accessToken"]}

    def call(method, path, body=None):
        answer = nobody.call(method, path, body, Authorization=f"Bearer {tokens['now']}")
        tokens["now"] = (answer[1] or {}).get("accessToken", tokens["now"])
        return answer

    return call


@pytest.fixture
def phone(own, time_machine):
    """Ada signs in in two steps from now on, with a phone whose next code is not used yet."""
    made = Phone(own("POST", "/profile/two-factor", {"password": PASSWORD})[1]["secret"])
    status, enrolled = own("POST", "/profile/two-factor/confirm", {"code": made.code()})
    assert status == 200, enrolled
    made.codes = enrolled["recoveryCodes"]
    time_machine.shift(30)
    return made


@pytest.fixture
def enter(nobody):
    """Sign in with a code beside the password."""
    return lambda code, password=PASSWORD, **headers: nobody.post(
        "/login", {"username": "ada", "password": password, "code": code}, **headers
    )


@pytest.fixture
def answer(nobody):
    """Sign in by a challenge and a code."""
    return lambda challenge, code: nobody.post("/login", {"challenge": challenge, "code": code})


class TestTurningItOn:
    def test_it_is_off_until_a_code_confirms_it(self, own, sign_in):
        status, begun = own("POST", "/profile/two-factor", {"password": PASSWORD})
        assert status == 200
        uri = pyotp.parse_uri(begun["otpauthUri"])
        assert (uri.secret, uri.name, uri.issuer) == (begun["secret"], "ada", "Frontrow")
        assert sign_in()[0] == 200
        assert own("GET", "/profile")[1]["twoFactor"] is False
        status, enrolled = own("POST", "/profile/two-factor/confirm", {"code": Phone(begun["secret"]).code()})
        assert (status, len(set(enrolled["recoveryCodes"]))) == (200, 10)
        assert own("GET", "/profile")[1]["twoFactor"] is True
        assert refused(sign_in()) == (401, "code_needed")

    def test_it_takes_the_password_and_a_code_that_is_right(self, own):
        assert refused(own("POST", "/profile/two-factor", {"password": "wrong"})) == (403, "wrong_password")
        assert refused(own("POST", "/profile/two-factor/confirm", {"code": "000000"})) == (
            409,
            "two_factor_off",
        )
        secret = own("POST", "/profile/two-factor", {"password": PASSWORD})[1]["secret"]
        wrong = str((int(Phone(secret).code()) + 1) % 10**6).zfill(6)
        assert refused(own("POST", "/profile/two-factor/confirm", {"code": wrong})) == (403, "wrong_code")
        assert not TwoFactor.objects.on().exists()

    def test_all_sessions_end_and_one_of_two_factors_begins(self, session, own, refresh):
        secret = own("POST", "/profile/two-factor", {"password": PASSWORD})[1]["secret"]
        _, enrolled = own("POST", "/profile/two-factor/confirm", {"code": Phone(secret).code()})
        assert refused(refresh(session["refreshToken"])) == (401, "invalid_token")
        assert amr(session) == ["pwd"]
        assert amr(enrolled) == amr(refresh(enrolled["refreshToken"])[1]) == ["pwd", "otp", "mfa"]

    def test_who_has_it_cannot_have_another_put_in_its_place(self, phone, own):
        assert refused(own("POST", "/profile/two-factor", {"password": PASSWORD})) == (409, "two_factor_on")
        assert refused(own("POST", "/profile/two-factor/confirm", {"code": phone.code()})) == (
            409,
            "two_factor_off",
        )

    def test_nothing_is_on_when_the_end_of_it_fails(self, own, sign_in):
        secret = own("POST", "/profile/two-factor", {"password": PASSWORD})[1]["secret"]
        with connection.execute_wrapper(broken_at('INSERT INTO "users_recoverycode"')):
            assert own("POST", "/profile/two-factor/confirm", {"code": Phone(secret).code()})[0] == 500
        assert sign_in()[0] == 200

    def test_it_is_told_by_mail(self, phone):
        said = Outbox.objects.filter(type="user.access_changed.v1").values_list("data", flat=True)
        assert [each["change"] for each in said] == ["two_factor_on"]

    def test_neither_the_secret_nor_a_code_lies_open(self, phone):
        rows = str([list(model.objects.values()) for model in (TwoFactor, RecoveryCode, Outbox)])
        assert phone.totp.secret not in rows
        assert not [code for code in phone.codes if code in rows or code.replace("-", "") in rows]
        assert phone.totp.secret.encode() not in bytes(TwoFactor.objects.get().sealed)


class TestSigningIn:
    def test_a_code_with_the_password_opens_a_session_of_two_factors(self, phone, enter, sign_in):
        assert refused(sign_in()) == (401, "code_needed")
        status, session = enter(phone.code())
        assert (status, amr(session)) == (200, ["pwd", "otp", "mfa"])

    def test_who_needs_none_may_send_one(self, session, enter):
        assert amr(enter("000000")[1]) == ["pwd"]

    def test_a_wrong_password_tells_nothing_of_a_second_step(self, phone, enter, sign_in):
        for wrong in (sign_in(password="wrong"), enter(phone.code(), "wrong"), enter("000000", "wrong")):
            assert refused(wrong) == (401, "invalid_credentials")

    def test_a_challenge_stands_for_the_password_once(self, phone, sign_in, answer):
        challenge = sign_in()[1]["challenge"]
        status, session = answer(challenge, phone.code())
        assert (status, amr(session)) == (200, ["pwd", "otp", "mfa"])
        assert refused(answer(challenge, phone.codes[0])) == (401, "invalid_challenge")

    def test_a_challenge_lasts_five_minutes(self, phone, sign_in, answer, time_machine):
        challenge = sign_in()[1]["challenge"]
        time_machine.shift(timedelta(minutes=5, seconds=1))
        assert refused(answer(challenge, phone.code())) == (401, "invalid_challenge")

    def test_a_challenge_dies_with_the_password(self, phone, own, sign_in, answer):
        challenge = sign_in()[1]["challenge"]
        change = {"currentPassword": PASSWORD, "newPassword": "a better horse"}
        assert own("PUT", "/profile/password", change)[0] == 200
        assert refused(answer(challenge, phone.code())) == (401, "invalid_challenge")

    def test_a_challenge_is_no_link_and_a_link_no_challenge(self, phone, sign_in, nobody):
        challenge = sign_in()[1]["challenge"]
        body = {"token": challenge, "newPassword": "a better horse"}
        assert refused(nobody.post("/password/reset", body)) == (410, "invalid_link")
        assert Link.objects.filter(purpose="sign_in").count() == 1

    @pytest.mark.parametrize("body", [
        {"challenge": "x"}, {"challenge": "x", "code": "123456", "password": PASSWORD}, {"code": "123456"},
        {"username": "ada", "code": "123456"}, {"challenge": "x", "code": "123456", "username": "ada"},
    ], ids=str)  # fmt: skip
    def test_what_is_neither_is_refused(self, nobody, body):
        assert refused(nobody.post("/login", body)) == (422, "invalid_request")

    @pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
    def test_clocks_may_differ_by_a_step(self, phone, enter, time_machine, steps, status):
        time_machine.shift(timedelta(minutes=5))
        assert enter(phone.code(steps))[0] == status

    def test_a_code_is_taken_once(self, phone, enter):
        assert enter(phone.code())[0] == 200
        assert refused(enter(phone.code())) == (401, "invalid_code")

    def test_the_code_that_turned_it_on_is_used_up(self, phone, enter):
        assert refused(enter(phone.code(-1))) == (401, "invalid_code")

    def test_no_code_before_one_that_was_taken_is_taken(self, phone, enter, time_machine):
        time_machine.shift(timedelta(minutes=5))
        assert enter(phone.code(1))[0] == 200
        assert refused(enter(phone.code())) == (401, "invalid_code")

    @pytest.mark.django_db(transaction=True)
    def test_of_many_with_the_same_code_one_comes_in(self, phone, enter):
        code = phone.code()
        assert sorted(at_once(4, lambda _: enter(code)[0])) == [200, 401, 401, 401]

    @pytest.mark.parametrize("code", ["123456", "１２３４５６", "abcdef", "123 456", "------", "x" * 40])
    def test_any_other_code_is_wrong(self, phone, enter, code):
        assert refused(enter(code)) == (401, "invalid_code")

    def test_it_may_be_written_with_spaces(self, phone, enter):
        code = phone.code()
        assert enter(f" {code[:3]} {code[3:]} ")[0] == 200

    def test_a_new_password_by_a_link_leaves_it_on(self, phone, nobody, sign_in):
        User.objects.update(password=User.objects.get().password)
        nobody.post("/password/forgotten", {"email": "ada@example.org"})
        from frontrow.services.users import link, recovery

        recovery.answer(timezone.now())
        token, _ = link.mailed(Link.objects.get(purpose="new_password").pk, timezone.now())
        assert nobody.post("/password/reset", {"token": token, "newPassword": "a better horse"})[0] == 204
        assert refused(sign_in(password="a better horse")) == (401, "code_needed")

    def test_a_change_of_the_password_keeps_the_session_of_two_factors(self, phone, own, enter):
        change = {"currentPassword": PASSWORD, "newPassword": "a better horse"}
        assert amr(own("PUT", "/profile/password", change)[1]) == ["pwd", "otp", "mfa"]


class TestRecoveryCodes:
    def test_each_opens_once(self, phone, enter):
        for code in phone.codes[:2]:
            status, session = enter(code)
            assert (status, amr(session)) == (200, ["pwd", "mfa"])
            assert refused(enter(code)) == (401, "invalid_code")

    def test_they_may_be_written_in_any_way(self, phone, enter):
        assert enter(phone.codes[0].upper())[0] == 200
        assert enter(phone.codes[1].replace("-", " "))[0] == 200

    def test_nobody_elses_opens(self, phone, enter, nobody):
        User.objects.create(
            username="ben",
            email="b@example.org",
            password="x",
            created_at=timezone.now(),
            updated_at=timezone.now(),
        )
        RecoveryCode.objects.update(user=User.objects.get(username="ben"))
        assert refused(enter(phone.codes[0])) == (401, "invalid_code")

    def test_new_ones_replace_them(self, phone, own, enter):
        proof = {"password": PASSWORD, "code": phone.code()}
        status, fresh = own("POST", "/profile/two-factor/recovery-codes", proof)
        assert (status, len(fresh["recoveryCodes"])) == (200, 10)
        assert refused(enter(phone.codes[0])) == (401, "invalid_code")
        assert enter(fresh["recoveryCodes"][0])[0] == 200


class TestTurningItOff:
    def test_it_takes_password_and_code(self, phone, own, sign_in):
        for proof, code in (
            ({"password": "wrong", "code": phone.code()}, "wrong_password"),
            ({"password": PASSWORD, "code": "000000"}, "wrong_code"),
        ):
            for method, path in (
                ("DELETE", "/profile/two-factor"),
                ("POST", "/profile/two-factor/recovery-codes"),
            ):
                assert refused(own(method, path, proof)) == (403, code)
        assert refused(sign_in()) == (401, "code_needed")

    def test_one_signs_in_by_the_password_alone_again(self, phone, own, sign_in):
        status, session = own("DELETE", "/profile/two-factor", {"password": PASSWORD, "code": phone.code()})
        assert (status, amr(session)) == (200, ["pwd"])
        assert sign_in()[0] == 200
        assert not RecoveryCode.objects.exists()
        assert refused(own("DELETE", "/profile/two-factor", {"password": PASSWORD, "code": "000000"})) == (
            409,
            "two_factor_off",
        )

    def test_no_session_of_two_factors_lives_on(self, phone, own, enter):
        enter(phone.codes[0])
        own("DELETE", "/profile/two-factor", {"password": PASSWORD, "code": phone.code()})
        assert set(RefreshToken.objects.filter(revoked_at=None).values_list("amr", flat=True)) == {"pwd"}

    def test_who_is_nobody_changes_nothing(self, nobody, ben):
        for method, path, body in (
            ("POST", "/profile/two-factor", {"password": PASSWORD}),
            ("POST", "/profile/two-factor/confirm", {"code": "123456"}),
            ("DELETE", "/profile/two-factor", {"password": PASSWORD, "code": "123456"}),
            ("POST", "/profile/two-factor/recovery-codes", {"password": PASSWORD, "code": "123456"}),
        ):
            assert refused(nobody.call(method, path, body)) == (401, "not_signed_in")
            assert refused(ben.call(method, path, body)) == (404, "not_found")


class TestLeaving:
    def test_it_takes_both_as_well(self, phone, own):
        for proof, code in (
            ({"password": "wrong", "code": phone.code()}, "wrong_password"),
            ({"password": PASSWORD, "code": "000000"}, "wrong_code"),
            ({"password": PASSWORD}, "wrong_code"),
        ):
            assert refused(own("DELETE", "/profile", proof)) == (403, code)
        assert User.objects.exists()
        assert own("DELETE", "/profile", {"password": PASSWORD, "code": phone.code()})[0] == 204
        assert not User.objects.exists()


class TestGuessing:
    def test_wrong_codes_count_like_wrong_passwords(self, phone, enter, sign_in, answer):
        challenge = sign_in()[1]["challenge"]
        assert {enter("000000")[0] for _ in range(5)} == {401}
        assert {answer(challenge, "000000")[0] for _ in range(5)} == {401}
        assert refused(answer(challenge, phone.code())) == (429, "too_many_requests")
        assert refused(enter(phone.code())) == (429, "too_many_requests")

    def test_they_count_while_it_is_turned_on_and_off(self, phone, own, configure):
        configure(sign_in_failures_per_account=2)
        proof = {"password": PASSWORD, "code": "000000"}
        answers = [refused(own("DELETE", "/profile/two-factor", proof)) for _ in range(3)]
        assert answers == [(403, "wrong_code")] * 2 + [(429, "too_many_requests")]

    def test_a_password_alone_makes_no_address_known(self, phone, enter, sign_in, at):
        assert refused(sign_in(**at(CAFE))) == (401, "code_needed")
        for n in range(10):
            enter("000000", **at(f"203.0.113.{n}"))
        assert refused(enter(phone.code(), **at(CAFE))) == (429, "too_many_requests")
