import pytest
from django.db import connection

from frontrow.chassis.models import Outbox
from frontrow.services.users.models import User
from frontrow.services.users.tests.people import PASSWORD, at_once, broken_at, person_body

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]

INFO = {"displayName": "Ada L.", "phone": "+44 20 1234", "locale": "en-GB", "timezone": "Europe/London"}


@pytest.fixture
def own(session, nobody):
    """Ada's calls to /profile: read without a body, change with one."""

    def call(**changes):
        method = "PUT" if changes else "GET"
        return nobody.call(
            method, "/profile", changes or None, Authorization=f"Bearer {session['accessToken']}"
        )

    return call


def test_a_person_reads_who_they_are(own, account):
    status, profile = own()
    assert status == 200
    assert profile == {
        **account,
        "emailConfirmed": False,
        "twoFactor": False,
        "createdAt": profile["createdAt"],
    }
    assert profile["createdAt"].endswith("Z")


def test_a_password_never_comes_out(own):
    assert "password" not in own()[1]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_profile_is_its_owners_only(account, nobody, method):
    status, problem = nobody.call(method, "/profile", {})
    assert (status, problem["code"]) == (401, "not_signed_in")


def test_what_is_sent_replaces_and_the_rest_stays(own, account):
    status, profile = own(username="Ada.L")
    assert (status, profile["username"], profile["email"]) == (200, "Ada.L", account["email"])
    _, profile = own(email="Ada@New.example.org")
    assert (profile["username"], profile["email"]) == ("Ada.L", "ada@new.example.org")
    assert own()[1] == profile


def test_a_null_in_the_profile_removes_and_what_is_left_out_stays(own):
    own(profileInfo=INFO)
    _, profile = own(profileInfo={"phone": None, "locale": "de"})
    assert profile["profileInfo"] == {"displayName": "Ada L.", "locale": "de", "timezone": "Europe/London"}
    _, profile = own(profileInfo={})
    assert profile["profileInfo"] == {"displayName": "Ada L.", "locale": "de", "timezone": "Europe/London"}
    _, profile = own(profileInfo=dict.fromkeys(INFO))
    assert profile["profileInfo"] == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": None}, "username"),
        ({"email": None}, "email"),
        ({"profileInfo": None}, "profileInfo"),
        ({"password": "a new password"}, "password"),
        ({"userId": "0198c5a0-0000-7000-8000-000000000002"}, "userId"),
        ({"isAdmin": True}, "isAdmin"),
        ({"profile_info": {}}, "profile_info"),
        ({"profileInfo": {"colour": "red"}}, "profileInfo.colour"),
        ({"profileInfo": {"display_name": "Ada"}}, "profileInfo.display_name"),
        ({"profileInfo": {"displayName": ""}}, "profileInfo.displayName"),
        ({"profileInfo": {"displayName": "two\nlines"}}, "profileInfo.displayName"),
        ({"profileInfo": {"displayName": "x" * 101}}, "profileInfo.displayName"),
        ({"profileInfo": {"phone": "call me"}}, "profileInfo.phone"),
        ({"profileInfo": {"phone": 123}}, "profileInfo.phone"),
        ({"profileInfo": {"locale": "english please"}}, "profileInfo.locale"),
        ({"profileInfo": {"timezone": "Mars/Olympus"}}, "profileInfo.timezone"),
        ({"profileInfo": []}, "profileInfo"),
    ],
    ids=str,
)
def test_a_change_of_anything_else_is_refused_and_changes_nothing(own, changes, field):
    before = own()
    status, problem = own(**{"username": "changed", **changes})
    assert (status, problem["code"]) == (422, "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert own() == before


@pytest.mark.parametrize("changes", [{"email": "new@example.org"}, {"username": "other"}])
def test_a_password_that_comes_with_it_must_be_right(own, changes):
    before = own()[1]
    status, refused = own(**changes, currentPassword="not this one")
    assert (status, refused["code"]) == (403, "wrong_password")
    assert own()[1] == before
    status, profile = own(**changes, currentPassword=PASSWORD)
    assert (status, {name: profile[name] for name in changes}) == (200, changes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"username": "ben"}, "username_taken"),
        ({"username": "BEN"}, "username_taken"),
        ({"email": "Ben@example.org"}, "email_taken"),
    ],
    ids=str,
)
def test_what_another_has_is_refused_and_nothing_changes(own, nobody, changes, code):
    nobody.post("/register", person_body("ben"))
    before = own()
    status, problem = own(profileInfo={"locale": "de"}, **changes)
    assert (status, problem["code"]) == (409, code)
    assert own() == before
    assert not Outbox.objects.filter(type="user.updated.v1").exists()


def test_a_person_may_change_the_case_of_their_own_name(own):
    assert own(username="ADA")[0] == 200
    assert own()[1]["username"] == "ADA"


def test_one_signs_in_with_the_new_name_and_not_with_the_old(own, sign_in):
    own(username="countess")
    assert sign_in("countess")[0] == 200
    assert sign_in("ada")[0] == 401


def test_each_change_says_so_with_a_higher_version(own, account):
    own(profileInfo={"locale": "de"})
    own(profileInfo={"locale": None})
    said = Outbox.objects.filter(type="user.updated.v1").order_by("id")
    assert [(row.version, row.data["version"]) for row in said] == [(2, 2), (3, 3)]
    assert said[0].data["profileInfo"] == {"locale": "de"}
    assert {str(row.key) for row in said} == {account["userId"]}


def test_without_the_message_nothing_changes(own):
    before = own()
    with connection.execute_wrapper(broken_at("chassis_outbox")):
        assert own(username="changed")[0] == 500
    assert own() == before


@pytest.mark.django_db(transaction=True)
def test_changes_at_once_lose_nothing(own):
    fields = [{"phone": "+44 20 1234"}, {"locale": "en-GB"}, {"timezone": "Europe/London"}]
    answers = at_once(9, lambda n: own(profileInfo=fields[n % 3]))
    assert {status for status, _ in answers} == {200}
    assert own()[1]["profileInfo"] == {"phone": "+44 20 1234", "locale": "en-GB", "timezone": "Europe/London"}
    versions = Outbox.objects.filter(type="user.updated.v1").values_list("version", flat=True)
    assert sorted(versions) == list(range(2, 11))


def test_who_is_disabled_neither_reads_nor_changes_their_profile(own):
    User.objects.update(is_active=False)
    for answer in (own(), own(username="changed")):
        assert (answer[0], answer[1]["code"]) == (404, "not_found")
    assert User.objects.get().username == "ada"


def test_the_token_of_somebody_who_never_registered_finds_nothing(ben):
    assert ben.get("/profile")[0] == 404
