"""Signing in in two steps, on pages: turned on and off, and the second step itself."""

import re

import pyotp
import pytest
from django.utils import timezone

from frontrow.services.users.models import RecoveryCode, TwoFactor, User

from .test_account import PASSWORD, signed_in
from .test_signing import kept

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon(time_machine):
    time_machine.move_to("2030-01-01T12:00:10Z", tick=False)


@pytest.fixture
def dora(visit):
    return signed_in(visit)


def hidden(page, name):
    return re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page.content.decode())[
        1
    ].replace("&amp;", "&")


def begin(browser):
    page = browser.post("/account/two-factor", {"form": "begin", "password": PASSWORD})
    assert page.status_code == 200
    return page, hidden(page, "secret")


@pytest.fixture
def phone(dora, time_machine):
    """Dora signs in in two steps from now on; the codes of her phone, and those that she wrote down."""
    page, secret = begin(dora)
    totp = pyotp.TOTP(secret)
    sent = {"form": "confirm", "secret": secret, "uri": hidden(page, "uri"), "code": totp.at(timezone.now())}
    page = dora.post("/account/two-factor", sent)
    totp.written = re.findall(r"<code>([0-9a-f-]{23})</code>", page.content.decode())
    time_machine.shift(30)
    return totp


def first_step(visit, **more):
    browser = visit()
    return browser, browser.post(
        "/signin", {"login": "dora", "password": PASSWORD, "next": "/my/bookings", **more}
    )


def second(page, code):
    assert '<input type="hidden" name="next" value="/my/bookings">' in page.content.decode()
    return {"challenge": hidden(page, "challenge"), "next": "/my/bookings", "code": code}


def test_leaving_takes_a_code_as_well(dora, phone):
    assert "Of your app, or a recovery code." in dora.get("/account/delete").content.decode()
    refused = dora.post("/account/delete", {"password": PASSWORD, "code": "000000"})
    assert refused.status_code == 403
    assert "This code is wrong" in refused.content.decode()
    answer = dora.post("/account/delete", {"password": PASSWORD, "code": phone.written[0]})
    assert answer["Location"] == "/?note=account-deleted"
    assert not User.objects.exists()


def test_it_is_turned_on_by_a_picture_and_a_code(dora, phone):
    assert len(phone.written) == 10
    assert TwoFactor.objects.on().exists()
    text = dora.get("/account").content.decode()
    assert "On: besides your password" in text
    assert dora.get("/account/two-factor").status_code == 200


def test_the_picture_is_in_the_page_and_says_what_the_letters_say(dora):
    page, secret = begin(dora)
    text = page.content.decode()
    assert '<img src="data:image/svg+xml' in text
    assert " ".join(secret[n : n + 4] for n in range(0, 32, 4)) in text
    assert pyotp.parse_uri(hidden(page, "uri")).secret == secret
    assert page["Cache-Control"] == "private, no-store"


def test_a_wrong_code_shows_the_same_picture_again(dora):
    page, secret = begin(dora)
    sent = {"form": "confirm", "secret": secret, "uri": hidden(page, "uri"), "code": "000000"}
    again = dora.post("/account/two-factor", sent)
    assert again.status_code == 403
    assert "This code is wrong" in again.content.decode()
    assert hidden(again, "secret") == secret
    assert not TwoFactor.objects.on().exists()


@pytest.mark.parametrize(
    ("sent", "status"), [({"code": "1"}, 422), ({"code": "000000", "secret": "x", "uri": "x" * 5000}, 403)]
)
def test_a_form_that_is_none_of_ours_is_shown_again(dora, sent, status):
    begin(dora)
    assert dora.post("/account/two-factor", {"form": "confirm", **sent}).status_code == status


def test_a_wrong_password_is_said_at_its_field(dora):
    page = dora.post("/account/two-factor", {"form": "begin", "password": "wrong"})
    assert (page.status_code, "not the password that you have now" in page.content.decode()) == (403, True)


def test_the_second_step_goes_on_with_the_choice(visit, phone):
    browser, page = first_step(visit)
    assert page.status_code == 200
    assert "frontrow" not in browser.cookies
    answer = browser.post("/signin/code", second(page, phone.at(timezone.now())))
    assert (answer.status_code, answer["Location"]) == (303, "/my/bookings")
    assert kept(browser).name == "Dora"


def test_the_password_is_nowhere_between_the_steps(visit, phone):
    _, page = first_step(visit)
    assert PASSWORD not in page.content.decode()
    assert 'type="password"' not in page.content.decode()
    assert 'autocomplete="one-time-code"' in page.content.decode()


def test_a_wrong_code_may_be_mended(visit, phone):
    browser, page = first_step(visit)
    again = browser.post("/signin/code", second(page, "000000"))
    assert (again.status_code, "This code is wrong" in again.content.decode()) == (401, True)
    assert browser.post("/signin/code", second(again, phone.written[0]))["Location"] == "/my/bookings"


def test_a_step_that_took_too_long_begins_anew(visit, phone, time_machine):
    browser, page = first_step(visit)
    time_machine.shift(301)
    again = browser.post("/signin/code", second(page, phone.at(timezone.now())))
    assert (again.status_code, "That took too long" in again.content.decode()) == (401, True)
    assert 'href="/signin?next=/my/bookings"' in again.content.decode()


def test_the_second_step_without_the_first_is_the_first(visit):
    assert visit().get("/signin/code")["Location"] == "/signin"
    assert visit().post("/signin/code", {"code": "000000", "challenge": "x"}).status_code == 401


def test_new_codes_are_shown_and_it_is_turned_off(dora, phone):
    page = dora.post("/account/two-factor", {"form": "renew", "password": PASSWORD, "code": phone.written[0]})
    fresh = re.findall(r"<code>([0-9a-f-]{23})</code>", page.content.decode())
    assert len(set(fresh) - set(phone.written)) == 10
    assert (
        dora.post("/account/two-factor", {"form": "end", "password": PASSWORD, "code": "000000"}).status_code
        == 403
    )
    answer = dora.post("/account/two-factor", {"form": "end", "password": PASSWORD, "code": fresh[0]})
    assert answer["Location"] == "/account?note=two-factor-off"
    assert dora.get("/account").status_code == 200
    assert not RecoveryCode.objects.exists()


def test_organisers_who_need_it_are_led_there(visit, ada, settings):
    draft = ada.lists(status="draft")
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"organizers_need_two_factor": True})
    answer = visit(ada).post(f"/organize/{draft['eventId']}/publish")
    assert answer["Location"] == "/account/two-factor?note=two-factor-needed"
