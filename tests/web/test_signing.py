"""Coming in and going out, and the language of the pages."""

import pytest

from frontrow.services.users.models import User
from frontrow.web import languages, session

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
NEW = {
    "name": "Dora", "email": "dora@example.org", "username": "dora", "password": PASSWORD,
    "zone": "Europe/Paris", "next": "/e/1/checkout?a=2",
}  # fmt: skip


def kept(browser):
    """The session that a browser has."""
    return session._unsealed(browser.cookies["frontrow"].value)


def signed_up(visit, **changes):
    browser = visit()
    return browser, browser.post("/signup", {**NEW, **changes})


def test_signing_up_signs_in_and_goes_on_with_the_choice(visit):
    browser, answer = signed_up(visit)
    assert (answer.status_code, answer["Location"]) == (303, "/e/1/checkout?a=2")
    person = User.objects.get(username="dora")
    assert person.profile_info == {"displayName": "Dora", "locale": "en", "timezone": "Europe/Paris"}
    mine = kept(browser)
    assert (mine.user_id, mine.name, mine.zone, mine.language) == (
        str(person.user_id),
        "Dora",
        "Europe/Paris",
        "en",
    )
    assert browser.get("/account").status_code == 200


def test_signing_in_by_name_or_address(visit):
    signed_up(visit)
    for login in ("dora", "DORA", "dora@example.org"):
        browser = visit()
        answer = browser.post("/signin", {"login": login, "password": PASSWORD, "next": "/my/bookings"})
        assert answer["Location"] == "/my/bookings", login
        assert kept(browser).name == "Dora"


def test_the_browsers_zone_counts_for_an_account_that_names_none(visit):
    signed_up(visit, zone="")
    browser = visit()
    browser.post("/signin", {"login": "dora", "password": PASSWORD, "zone": "Asia/Tokyo"})
    assert kept(browser).zone == "Asia/Tokyo"
    browser = visit()
    browser.post("/signin", {"login": "dora", "password": PASSWORD, "zone": "Mars/Base"})
    assert kept(browser).zone == ""


def test_a_wrong_password_is_said_once_and_kindly(visit):
    signed_up(visit)
    answer = visit().post("/signin", {"login": "dora", "password": "wrong", "next": "/my/bookings"})
    text = answer.content.decode()
    assert answer.status_code == 401
    assert 'role="alert"' in text
    assert "do not belong together" in text
    assert 'value="dora"' in text
    assert 'value="/my/bookings"' in text
    assert "wrong" not in text.replace('class="wrong', "")
    assert not answer.cookies


def test_too_many_attempts_tell_how_long_to_wait(visit, settings):
    signed_up(visit)
    for _ in range(40):
        answer = visit().post("/signin", {"login": "dora", "password": "wrong"})
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert "Too many attempts. Wait" in answer.content.decode()


@pytest.mark.parametrize(("changes", "words"), [
    ({"username": "Dora", "email": "d2@example.org"}, "Somebody else has this username"),
    ({"username": "dora2", "password": "another horse"}, "There is an account with this address already"),
])  # fmt: skip
def test_what_is_taken_is_said_at_its_field(visit, changes, words):
    signed_up(visit)
    _, answer = signed_up(visit, **changes)
    assert answer.status_code == 409
    assert words in answer.content.decode()


def test_signing_up_twice_is_signing_up_once(visit):
    """The first answer was lost, or the button pressed again."""
    signed_up(visit)
    browser, answer = signed_up(visit)
    assert (answer.status_code, answer["Location"]) == (303, "/e/1/checkout?a=2")
    assert kept(browser).name == "Dora"
    browser, answer = signed_up(visit, password="of somebody else")
    assert answer.status_code == 409
    assert "frontrow" not in browser.cookies
    assert User.objects.count() == 1


@pytest.mark.parametrize(("field", "value", "words"), [
    ("username", "d", "Use 3 to 30 letters"),
    ("username", "dora dora", "Use 3 to 30 letters"),
    ("email", "dora@", "Enter a valid email address"),
    ("email", "dora@nowhere.invalid", "This does not look like an address that mail can reach"),
    ("password", "short", "at least 8 characters"),
    ("password", "tab\tis no letter", "Use at least 8 characters, on one line"),
    ("name", "", "This field is required"),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(visit, field, value, words):
    browser, answer = signed_up(visit, **{field: value})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "frontrow" not in browser.cookies
    assert not User.objects.exists()


def test_the_password_is_never_shown_again(visit):
    _, answer = signed_up(visit, username="d")
    assert PASSWORD not in answer.content.decode()


@pytest.mark.parametrize("elsewhere", [
    "https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nSet-Cookie: x", "",
])  # fmt: skip
def test_nobody_is_led_elsewhere(visit, ben, elsewhere):
    _, answer = signed_up(visit, next=elsewhere)
    assert answer["Location"] == "/"
    assert visit(ben).get("/signin", {"next": elsewhere})["Location"] == "/"


def test_who_is_signed_in_is_led_on(visit, ben):
    for page in ("/signin", "/signup"):
        assert visit(ben).get(page, {"next": "/my/bookings"})["Location"] == "/my/bookings"


def test_signing_out_ends_the_session_here_and_at_users(visit):
    browser, _ = signed_up(visit)
    before = browser.cookies["frontrow"].value
    answer = browser.post("/signout")
    assert answer["Location"] == "/?note=signed-out"
    assert browser.cookies["frontrow"].value == ""
    stolen = visit()
    stolen.cookies["frontrow"] = session._sealed(_aged(session._unsealed(before)))
    assert stolen.get("/account")["Location"] == "/signin?next=%2Faccount"


def _aged(known):
    from dataclasses import replace

    return replace(known, expires=0.0)


def test_a_language_is_remembered_by_the_browser_and_the_account(visit):
    browser, _ = signed_up(visit)
    answer = browser.post("/language", {"language": "de", "next": "/signin?next=/account"})
    assert answer["Location"] == "/signin?next=/account"
    cookie = browser.cookies[languages.COOKIE]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("de", True, "Lax")
    assert kept(browser).language == "de"
    assert User.objects.get(username="dora").profile_info["locale"] == "de"
    assert browser.get("/account")["Content-Language"] == "de"


def test_nobody_switches_too_and_unknown_languages_are_none(visit):
    browser = visit()
    browser.post("/language", {"language": "fr"})
    assert browser.get("/signin")["Content-Language"] == "fr"
    assert not visit().post("/language", {"language": "tlh"}).cookies
