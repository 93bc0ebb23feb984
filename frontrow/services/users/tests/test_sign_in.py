import jwt
import pytest

from frontrow.services.users import passwords
from frontrow.services.users.models import RefreshToken, User
from frontrow.services.users.tests.people import PASSWORD, person_body

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]

HOME, CAFE = "192.0.2.1", "198.51.100.7"


def fail(sign_in, times, login="ada", **headers):
    """Wrong sign-ins, each of which must be answered as such."""
    answers = [sign_in(login, "wrong", **headers) for _ in range(times)]
    assert {status for status, _ in answers} <= {401}


@pytest.mark.parametrize("login", ["ada", "ADA", " Ada ", "ada@example.org", "Ada@EXAMPLE.org"])
def test_a_username_or_address_in_any_case_signs_in(account, nobody, login):
    field = "email" if "@" in login else "username"
    for name in {field, "username"}:
        status, session = nobody.post("/login", {name: login, "password": PASSWORD})
        assert (status, session["userId"]) == (200, account["userId"])


@pytest.mark.parametrize("email", ["maß@example.org", "ΝΊΚΟΣ@example.org", "İ@example.org"])
def test_who_registers_an_address_in_any_script_signs_in_with_it(nobody, email):
    assert nobody.post("/register", person_body(email=email))[0] == 201
    assert nobody.post("/login", {"email": email, "password": PASSWORD})[0] == 200


def test_an_access_token_says_who_for_whom_and_for_how_long(session, settings):
    header = jwt.get_unverified_header(session["accessToken"])
    claims = jwt.decode(session["accessToken"], options={"verify_signature": False})
    assert (header["alg"], header["typ"]) == ("EdDSA", "at+jwt")
    assert (claims["iss"], claims["aud"], claims["roles"]) == ("frontrow", "frontrow", [])
    assert claims["sub"] == session["userId"]
    assert claims["exp"] - claims["iat"] == session["expiresIn"] == 900
    assert session["tokenType"] == "Bearer"


def test_no_two_sign_ins_give_the_same_tokens(account, sign_in):
    first, second = sign_in()[1], sign_in()[1]
    assert first["accessToken"] != second["accessToken"]
    assert first["refreshToken"] != second["refreshToken"]


def test_only_a_digest_of_the_refresh_token_is_stored(session):
    row = RefreshToken.objects.values().get()
    assert session["refreshToken"] not in str(row)
    assert len(row["digest"]) == 64
    assert len(session["refreshToken"]) == 43  # of base64: 256 bits


def test_unknown_people_and_wrong_passwords_are_refused_alike(account, sign_in):
    answers = [sign_in("ada", "wrong"), sign_in("nobody", "wrong"), sign_in("nobody@example.org", PASSWORD)]
    assert [status for status, _ in answers] == [401] * 3
    bodies = [{**problem, "requestId": ""} for _, problem in answers]
    assert bodies[0]["code"] == "invalid_credentials"
    assert bodies[0] == bodies[1] == bodies[2]


def test_an_unknown_person_costs_as_much_hashing_as_a_known_one(account, sign_in, monkeypatch):
    passwords.matches("the first time it also makes the hash to compare with", None)
    hashed = []
    verify = passwords.Argon2id.verify
    monkeypatch.setattr(passwords.Argon2id, "verify", lambda *args: hashed.append(args) or verify(*args))
    sign_in("ada", "wrong")
    known = len(hashed)
    sign_in("nobody", "wrong")
    assert (known, len(hashed)) == (1, 2)


def test_who_is_disabled_cannot_sign_in_and_is_not_told_why(account, sign_in):
    User.objects.update(is_active=False)
    status, problem = sign_in()
    assert (status, problem["code"]) == (401, "invalid_credentials")
    assert not RefreshToken.objects.exists()


def test_ten_failures_make_an_account_wait(account, sign_in):
    fail(sign_in, 10)
    status, problem = sign_in()
    assert (status, problem["code"]) == (429, "too_many_requests")
    assert problem["retryAfter"] > 0


def test_who_must_wait_is_told_how_long_and_may_come_back_then(account, nobody, sign_in, time_machine):
    time_machine.move_to("2030-01-01T12:04:00Z", tick=False)
    fail(sign_in, 10)
    body = {"username": "ada", "password": PASSWORD}
    answer = nobody.client.post("/login", body, "application/json")
    assert (answer.status_code, answer["Retry-After"]) == (429, "360")
    time_machine.move_to("2030-01-01T12:09:59Z", tick=False)
    assert sign_in()[0] == 429
    time_machine.move_to("2030-01-01T12:10:00Z", tick=False)
    assert sign_in()[0] == 200


def test_failures_by_username_and_by_address_count_together(account, sign_in):
    fail(sign_in, 5, "ada")
    fail(sign_in, 5, "ADA@example.org")
    assert sign_in("ada")[0] == 429
    assert sign_in("ada@example.org")[0] == 429


def test_one_accounts_failures_do_not_hinder_another(account, nobody, sign_in):
    nobody.post("/register", person_body("ben"))
    fail(sign_in, 10)
    assert sign_in("ben")[0] == 200


def test_accounts_that_do_not_exist_wait_as_well(sign_in):
    fail(sign_in, 10, "nobody")
    assert sign_in("nobody", "wrong")[0] == 429


def test_an_accounts_failures_count_from_wherever_they_come(account, sign_in, at):
    for n in range(10):
        fail(sign_in, 1, **at(f"203.0.113.{n}"))
    assert sign_in("ada", "wrong", **at(CAFE))[0] == 429


def test_a_hundred_failures_make_an_address_wait(account, sign_in, at):
    for n in range(100):
        fail(sign_in, 1, f"nobody{n}", **at(CAFE))
    assert sign_in(**at(CAFE))[0] == 429
    assert sign_in(**at(HOME))[0] == 200


def test_right_sign_ins_count_towards_no_limit(account, sign_in):
    fail(sign_in, 9)
    assert {sign_in()[0] for _ in range(150)} == {200}


@pytest.mark.parametrize("login", ["ada", "ada@example.org"])
def test_strangers_lock_nobody_out_of_where_they_signed_in_before(account, sign_in, at, login):
    assert sign_in("ada", **at(HOME))[0] == 200
    fail(sign_in, 10, login, **at(CAFE))
    assert sign_in(login, **at(CAFE))[0] == 429
    assert sign_in(login, **at(HOME))[0] == 200


def test_failures_from_a_known_address_make_the_account_wait_there_only(account, sign_in, at):
    assert sign_in(**at(HOME))[0] == 200
    fail(sign_in, 10, **at(HOME))
    assert sign_in(**at(HOME))[0] == 429
    assert sign_in(**at(CAFE))[0] == 200


def test_an_installation_sets_its_limits(account, sign_in, configure):
    configure(sign_in_failures_per_account=2)
    fail(sign_in, 2)
    assert sign_in()[0] == 429


def test_a_crowd_of_sign_ins_makes_nobody_forget_who_must_wait(account, nobody, sign_in, at):
    fail(sign_in, 10, **at(CAFE))
    nobody.post("/register", person_body("ben"))
    for n in range(400):
        assert sign_in("ben", **at(f"203.0.113.{n % 250}" if n < 250 else f"10.0.0.{n - 250}"))[0] == 200
    assert sign_in(**at(CAFE))[0] == 429
