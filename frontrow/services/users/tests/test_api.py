"""The door: what comes in wrong is refused by name, and nothing breaks."""

import json

import pytest

from frontrow.services.users.models import User
from frontrow.services.users.tests.people import PASSWORD, person_body

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]

BROKEN = {
    "nothing": (b"", 422, "invalid_request"),
    "half an object": (b'{"username": "ada"', 400, "invalid_json"),
    "bytes of no encoding": (b'{"username": "\xff\xfe"}', 400, "invalid_json"),
    "a plain NUL": (b'{"username": "a\x00da"}', 400, "invalid_json"),
    "not a number": (b'{"username": NaN}', 400, "invalid_json"),
    "a key twice": (b'{"password": "one", "password": "two"}', 400, "invalid_json"),
    "deep arrays": (b"[" * 50_000, 400, "invalid_json"),
    "deep objects": (b'{"a":' * 50_000, 400, "invalid_json"),
    "a number of 5000 digits": (b'{"username": ' + b"9" * 5000 + b"}", 400, "invalid_json"),
    "a number beyond floats": (b'{"username": 1e999}', 422, "invalid_request"),
    "an array": (b"[]", 422, "invalid_request"),
    "an empty object": (b"{}", 422, "invalid_request"),
    "a lone surrogate": (b'{"username": "\\ud800", "password": "x"}', 422, "invalid_request"),
    "a lone surrogate as a key": (b'{"\\udfff": 1}', 422, "invalid_request"),
    "a NUL as a key": (b'{"\\u0000": 1}', 422, "invalid_request"),
    "300 KiB": (b" " * 300 * 1024, 413, "body_too_large"),
}
REGISTER = {
    "username missing": ({"username": None}, "username"),
    "username null": ({"username": ...}, "username"),
    "username a number": ({"username": 12345}, "username"),
    "username an object": ({"username": {"$ne": ""}}, "username"),
    "username too short": ({"username": "ab"}, "username"),
    "username too long": ({"username": "a" * 31}, "username"),
    "username with a space": ({"username": "ada l"}, "username"),
    "username with a NUL": ({"username": "ada\0"}, "username"),
    "username with a line end": ({"username": "ada\nx"}, "username"),
    "username of another script": ({"username": "adа"}, "username"),
    "username that looks like an address": ({"username": "ada@example.org"}, "username"),
    "email missing": ({"email": None}, "email"),
    "email without an at": ({"email": "ada"}, "email"),
    "email of two": ({"email": "ada@example.org, ben@example.org"}, "email"),
    "email with a header": ({"email": "ada@example.org\r\nBcc: ben@example.org"}, "email"),
    "email with a NUL": ({"email": "a\0da@example.org"}, "email"),
    "email with a lone surrogate": ({"email": "\ud800@example.org"}, "email"),
    "email too long": ({"email": "a" * 250 + "@example.org"}, "email"),
    "password missing": ({"password": None}, "password"),
    "password too short": ({"password": "1234567"}, "password"),
    "password too long": ({"password": "x" * 257}, "password"),
    "password with a NUL": ({"password": "12345678\0"}, "password"),
    "password with a lone surrogate": ({"password": "12345678\ud800"}, "password"),
    "profile null": ({"profileInfo": ...}, "profileInfo"),
    "profile with a control character": (
        {"profileInfo": {"displayName": "a\x07"}},
        "profileInfo.displayName",
    ),
    "profile with a lone surrogate": ({"profileInfo": {"displayName": "\ud800"}}, "profileInfo.displayName"),
    "profile with more": ({"profileInfo": {"colour": "red"}}, "profileInfo.colour"),
    "an unknown field": ({"colour": "red"}, "colour"),
    "a field in our own spelling": ({"profile_info": {}}, "profile_info"),
}
LOGIN = {
    "no name": ({"password": PASSWORD}, ""),
    "two names": ({"username": "ada", "email": "ada@example.org", "password": PASSWORD}, ""),
    "null names": ({"username": None, "email": None, "password": PASSWORD}, ""),
    "no password": ({"username": "ada"}, "password"),
    "an empty password": ({"username": "ada", "password": ""}, "password"),
    "an endless password": ({"username": "ada", "password": "x" * 501}, "password"),
    "a password that is a list": ({"username": "ada", "password": [PASSWORD]}, "password"),
    "a name with a NUL": ({"username": "ada\0", "password": PASSWORD}, "username"),
    "a name with a control character": ({"username": "ada\x1b", "password": PASSWORD}, "username"),
    "a name with a lone surrogate": ({"username": "\ud800", "password": PASSWORD}, "username"),
    "an endless name": ({"username": "a" * 255, "password": PASSWORD}, "username"),
    "an unknown field": ({"username": "ada", "password": PASSWORD, "admin": True}, "admin"),
}


def refused(answer):
    """Status and code of a refusal, which must be a problem document."""
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    return answer.status_code, problem["code"]


def test_a_person_registers_signs_in_and_reads_their_profile(nobody):
    body = {"username": "ada", "email": "Ada@Example.org", "password": "correct horse"}
    status, made = nobody.post("/register", body)
    assert status == 201
    assert made["email"] == "ada@example.org"
    status, session = nobody.post("/login", {"username": "ADA", "password": "correct horse"})
    assert (status, session["userId"]) == (200, made["userId"])
    status, profile = nobody.get("/profile", Authorization=f"Bearer {session['accessToken']}")
    assert (status, profile["username"]) == (200, "ada")


@pytest.mark.parametrize(("raw", "status", "code"), BROKEN.values(), ids=BROKEN)
def test_a_body_that_is_no_object_of_json_is_refused(nobody, raw, status, code):
    assert refused(nobody.client.generic("POST", "/register", raw, "application/json")) == (status, code)


@pytest.mark.parametrize(
    ("path", "missing"),
    [("/login", ["password"]), ("/token/refresh", ["refreshToken"]), ("/logout", ["refreshToken"])],
)
def test_every_door_names_what_it_misses(nobody, path, missing):
    status, problem = nobody.post(path, {})
    assert (status, problem["code"]) == (422, "invalid_request")
    assert [error["field"] for error in problem["errors"]] == missing


@pytest.mark.parametrize(("changes", "field"), REGISTER.values(), ids=REGISTER)
def test_a_wrong_field_of_a_registration_is_named(nobody, changes, field):
    body = {name: None if value is ... else value for name, value in person_body(**changes).items()}
    answer = nobody.client.generic("POST", "/register", json.dumps(body), "application/json")
    assert refused(answer) == (422, "invalid_request")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not User.objects.exists()


@pytest.mark.parametrize(("body", "field"), LOGIN.values(), ids=LOGIN)
def test_a_wrong_field_of_a_sign_in_is_named(account, nobody, body, field):
    status, problem = nobody.post("/login", body)
    assert (status, problem["code"]) == (422, "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_all_wrong_fields_are_named_at_once(nobody):
    _, problem = nobody.post("/register", {"username": "x", "email": "x", "password": "x", "colour": "x"})
    fields = [error["field"] for error in problem["errors"]]
    assert sorted(fields) == ["colour", "email", "password", "username"]


def test_a_refusal_does_not_say_the_password_again(nobody):
    answer = nobody.client.post("/register", {"password": "hunter2"}, "application/json")
    assert answer.status_code == 422
    assert "hunter2" not in answer.content.decode()


@pytest.mark.parametrize(
    "password", ["pässwörter", "密码密码密码密码", "eight eight", "😀" * 8, "x" * 256, "        "]
)
def test_a_password_may_be_of_any_script_and_keeps_its_spaces(nobody, password):
    assert nobody.post("/register", person_body(password=password))[0] == 201
    assert nobody.post("/login", {"username": "ada", "password": password})[0] == 200
    assert nobody.post("/login", {"username": "ada", "password": password + " "})[0] == 401


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "nonsense"])
def test_the_body_is_json_whatever_it_is_called(nobody, content_type):
    raw = json.dumps(person_body())
    assert nobody.client.generic("POST", "/register", raw, content_type).status_code == 201


def test_a_form_is_refused(nobody):
    answer = nobody.client.post("/login", {"username": "ada", "password": PASSWORD})
    assert refused(answer) == (400, "invalid_json")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/register", {"POST"}),
        ("PUT", "/login", {"POST"}),
        ("POST", "/profile", {"GET", "PUT", "DELETE"}),
        ("PATCH", "/profile", {"GET", "PUT", "DELETE"}),
        ("POST", "/.well-known/jwks.json", {"GET"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(nobody, method, path, allowed):
    answer = nobody.client.generic(method, path)
    assert refused(answer) == (405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) == allowed
