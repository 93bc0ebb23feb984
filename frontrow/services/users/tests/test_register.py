from uuid import UUID

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.db import connection

from frontrow.chassis.models import Outbox
from frontrow.services.users import passwords
from frontrow.services.users.models import User
from frontrow.services.users.tests.people import PASSWORD, at_once, broken_at, person_body

pytestmark = pytest.mark.django_db


def test_a_person_is_told_what_was_stored(nobody):
    info = {"displayName": "Ada L.", "phone": "+44 20 1234", "locale": "en-GB", "timezone": "Europe/London"}
    status, made = nobody.post("/register", person_body(profileInfo=info))
    assert status == 201
    assert made == {
        "userId": made["userId"], "username": "ada", "email": "ada@example.org", "profileInfo": info,
    }  # fmt: skip
    assert UUID(made["userId"]).version == 7


def test_a_null_in_a_new_profile_is_as_good_as_nothing(nobody, cheap_passwords):
    _, made = nobody.post("/register", person_body(profileInfo={"phone": None, "locale": "de"}))
    assert made["profileInfo"] == {"locale": "de"}


def test_a_username_keeps_its_case_and_an_address_is_stored_in_small_letters(nobody, cheap_passwords):
    _, made = nobody.post("/register", person_body("AdaL", email="Ada.L@Example.ORG"))
    assert (made["username"], made["email"]) == ("AdaL", "ada.l@example.org")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"email": "other@example.org"}, "username_taken"),
        ({"username": "ADA", "email": "other@example.org"}, "username_taken"),
        ({"username": " ada ", "email": "other@example.org"}, "username_taken"),
        ({"username": "other"}, "email_taken"),
        ({"username": "other", "email": "ADA@EXAMPLE.ORG"}, "email_taken"),
        ({"username": "other", "email": " ada@example.org"}, "email_taken"),
    ],
)
def test_a_name_or_address_that_somebody_has_is_refused(account, nobody, changes, code):
    status, problem = nobody.post("/register", person_body(**changes))
    assert (status, problem["code"]) == (409, code)
    assert User.objects.count() == 1


def test_a_name_that_is_taken_costs_no_hashing(account, nobody, monkeypatch):
    monkeypatch.setattr(passwords.Argon2id, "encode", None)
    assert nobody.post("/register", person_body())[0] == 409


def test_an_address_with_sharp_s_is_another_than_one_with_two_plain_ones(account, nobody):
    assert nobody.post("/register", person_body("mass", email="mass@example.org"))[0] == 201
    assert nobody.post("/register", person_body("sharp", email="maß@example.org"))[0] == 201


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (lambda n: person_body("Ada" if n % 2 else "ada", email=f"ada{n}@example.org"), "username_taken"),
        (lambda n: person_body(f"ada{n}", email="ada@example.org"), "email_taken"),
    ],
    ids=["username", "email"],
)
def test_of_twenty_who_want_the_same_at_once_one_gets_it(nobody, cheap_passwords, monkeypatch, body, code):
    hasher = passwords.Hasher(20)  # all of them may wait for it
    monkeypatch.setattr(passwords, "hasher", lambda: hasher)
    answers = at_once(20, lambda n: nobody.post("/register", body(n)))
    assert sorted(status for status, _ in answers) == [201] + [409] * 19
    assert {answer["code"] for status, answer in answers if status == 409} == {code}
    assert User.objects.count() == 1
    assert Outbox.objects.count() == 1


def test_registering_says_so_once(account):
    (row,) = Outbox.objects.all()
    assert (row.type, str(row.key), row.version) == ("user.registered.v1", account["userId"], 1)
    assert row.data == {**account, "version": 1}


def test_without_the_message_there_is_no_account(nobody, cheap_passwords):
    with connection.execute_wrapper(broken_at("chassis_outbox")):
        status, problem = nobody.post("/register", person_body())
    assert (status, problem["code"]) == (500, "internal_error")
    assert not User.objects.exists()


def test_a_refused_registration_says_nothing(account, nobody):
    nobody.post("/register", person_body())
    assert Outbox.objects.count() == 1


def test_a_password_is_stored_as_argon2id_at_owasps_cost(nobody):
    nobody.post("/register", person_body())
    stored = User.objects.get().password
    assert stored.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert identify_hasher(stored).verify(PASSWORD, stored)
    assert PASSWORD not in stored


def test_the_same_password_is_stored_differently_for_each(account, nobody):
    nobody.post("/register", person_body("ben"))
    assert len(set(User.objects.values_list("password", flat=True))) == 2


@pytest.mark.parametrize("field", ["userId", "isAdmin", "is_admin", "roles", "isActive", "version"])
def test_nobody_registers_with_more_than_is_offered(nobody, field):
    status, problem = nobody.post("/register", person_body(**{field: True}))
    assert (status, problem["code"]) == (422, "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_a_hundred_registrations_a_minute_from_one_address_pass(nobody, cheap_passwords):
    answers = [nobody.post("/register", person_body(f"person{n}")) for n in range(100)]
    assert {status for status, _ in answers} == {201}


def test_an_installation_sets_how_many_may_register_from_one_address(nobody, cheap_passwords, configure, at):
    configure(registrations_per_address=2)
    answers = [nobody.post("/register", person_body(f"person{n}"), **at("192.0.2.1"))[0] for n in range(3)]
    assert answers == [201, 201, 429]
    assert nobody.post("/register", person_body("elsewhere"), **at("192.0.2.2"))[0] == 201


def test_a_busy_address_is_told_when_to_come_back(nobody, cheap_passwords, configure, time_machine):
    time_machine.move_to("2030-01-01T12:00:20Z", tick=False)
    configure(registrations_per_address=1)
    nobody.post("/register", person_body())
    answer = nobody.client.post("/register", person_body("ben"), "application/json")
    assert (answer.status_code, answer["Retry-After"]) == (429, "64")
    assert (answer.json()["code"], answer.json()["retryAfter"]) == ("too_many_requests", 64)
    time_machine.move_to("2030-01-01T12:01:24Z", tick=False)
    assert nobody.post("/register", person_body("ben"))[0] == 201
