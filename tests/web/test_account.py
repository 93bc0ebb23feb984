"""An account's page: profile, mail, password, signing out everywhere."""

from dataclasses import replace

import pytest

from frontrow.services.users.models import User
from frontrow.web import languages, session

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def signed_in(visit, name="dora"):
    browser = visit()
    given = {"name": "Dora", "email": f"{name}@example.org", "username": name, "password": PASSWORD}
    assert browser.post("/signup", given).status_code == 303
    return browser


def another(visit):
    browser = visit()
    assert browser.post("/signin", {"login": "dora", "password": PASSWORD}).status_code == 303
    return browser


def aged(browser):
    """The same browser, whose access token is over: it has to renew."""
    known = session._unsealed(browser.cookies["frontrow"].value)
    browser.cookies["frontrow"] = session._sealed(replace(known, expires=0.0))
    return browser


@pytest.fixture
def dora(visit):
    return signed_in(visit)


PROFILE = {
    "form": "profile", "name": "Dora D.", "username": "dora.d", "email": "new@example.org", "phone": "+49 30 123",
    "zone": "Asia/Tokyo", "language": "fr", "proof": PASSWORD,
}  # fmt: skip


def test_a_profile_is_shown_and_changed(dora):
    assert 'value="dora@example.org"' in dora.get("/account").content.decode()
    answer = dora.post("/account", PROFILE)
    assert answer["Location"] == "/account?note=profile-saved"
    person = User.objects.get()
    assert (person.username, person.email) == ("dora.d", "new@example.org")
    info = {"displayName": "Dora D.", "phone": "+49 30 123", "timezone": "Asia/Tokyo", "locale": "fr"}
    assert person.profile_info == info
    page = dora.get("/account")
    assert page["Content-Language"] == "fr"
    assert '<option value="Asia/Tokyo" selected>' in page.content.decode()
    assert "Dora D." in page.content.decode()


@pytest.mark.parametrize(("proof", "status", "words"), [
    ("", 422, "Send your password, too"),
    ("not this one", 403, "This is not the password that you have now."),
])  # fmt: skip
def test_a_new_address_takes_the_password_and_nothing_else_does(dora, proof, status, words):
    answer = dora.post("/account", {**PROFILE, "proof": proof})
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert User.objects.get().email == "dora@example.org"
    assert dora.post("/account", {**PROFILE, "email": "dora@example.org", "proof": ""}).status_code == 303
    assert User.objects.get().username == "dora.d"


def test_what_the_form_cannot_show_is_kept(dora):
    info = {"displayName": "Dora", "timezone": "CET", "locale": "de-AT"}
    User.objects.update(profile_info=info)
    page = dora.get("/account").content.decode()
    assert '<option value="CET" selected>' in page
    assert '<option value="de" selected>' in page
    same = {**PROFILE, "name": "Dora", "phone": "", "zone": "CET", "language": "de"}
    assert dora.post("/account", same).status_code == 303
    assert User.objects.get().profile_info == info
    User.objects.update(profile_info={**info, "locale": "pt-BR"})
    dora.post("/account", {**same, "language": ""})
    assert User.objects.get().profile_info == {**info, "locale": "pt-BR"}


def test_what_is_emptied_is_removed(dora):
    dora.post("/account", PROFILE)
    dora.post("/account", {**PROFILE, "phone": "", "zone": "", "language": "", "name": ""})
    assert User.objects.get().profile_info == {}
    assert dora.cookies[languages.COOKIE].value == ""


@pytest.mark.parametrize(("field", "value", "words"), [
    ("username", "x", "Use 3 to 30 letters"),
    ("phone", "call me", "Use digits and spaces"),
    ("email", "nowhere", "Enter a valid email address"),
    ("zone", "Mars/Base", "Select a valid choice"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_lost(dora, field, value, words):
    answer = dora.post("/account", {**PROFILE, field: value})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "Dora D." in answer.content.decode()
    assert User.objects.get().username == "dora"


def test_a_name_that_is_taken(dora, visit):
    signed_in(visit, "emil")
    answer = dora.post("/account", {**PROFILE, "username": "emil"})
    assert answer.status_code == 409
    assert "Somebody else has this username" in answer.content.decode()


def test_a_new_password_signs_out_all_others_and_stays_here(dora, visit):
    other = another(visit)
    answer = dora.post("/account", {"form": "password", "current": PASSWORD, "new": "another horse"})
    assert answer["Location"] == "/account?note=password-changed"
    assert aged(dora).get("/account").status_code == 200
    assert aged(other).get("/account")["Location"] == "/signin?next=%2Faccount"
    assert visit().post("/signin", {"login": "dora", "password": "another horse"}).status_code == 303


def test_the_password_now_must_be_right(dora, visit):
    answer = dora.post("/account", {"form": "password", "current": "wrong one", "new": "another horse"})
    assert answer.status_code == 403
    assert "This is not the password that you have now" in answer.content.decode()
    assert another(visit)
    answer = dora.post("/account", {"form": "password", "current": PASSWORD, "new": "short"})
    assert answer.status_code == 422


def test_signing_out_everywhere(dora, visit):
    other = another(visit)
    answer = dora.post("/account/signout-everywhere")
    assert answer["Location"] == "/?note=signed-out-everywhere"
    assert dora.get("/account").status_code == 303
    assert aged(other).get("/account").status_code == 303


def test_what_comes_by_mail_is_chosen(dora):
    answer = dora.post("/account", {"form": "mail", "mail": ["booking_confirmed", "refund_succeeded"]})
    assert answer["Location"] == "/account?note=mail-saved"
    text = dora.get("/account").content.decode()
    assert 'value="booking_confirmed" checked' in text
    assert 'value="event_reminder">' in text


def test_the_account_is_for_who_is_signed_in_only(visit):
    assert visit().get("/account")["Location"] == "/signin?next=%2Faccount"
    assert visit().post("/account", PROFILE).status_code == 303
    assert visit().get("/account/signout-everywhere").status_code == 405
