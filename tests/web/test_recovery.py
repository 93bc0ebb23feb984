"""The way back in: a forgotten password, and the confirmation of an address."""

import pytest
from django.core import mail

from frontrow.services.users.models import Link, User
from tests.cast import settle

from .test_account import another, signed_in

pytestmark = pytest.mark.django_db
NEW = "a better horse"


@pytest.fixture
def dora(visit):
    return signed_in(visit)


def link_in(subject):
    """The path of the link in the last mail about this."""
    settle()
    body = next(each.body for each in reversed(mail.outbox) if each.subject == subject)
    (line,) = [line for line in body.splitlines() if "token=" in line]
    return line.partition("http://127.0.0.1:8000")[2]


def token_of(path):
    return path.partition("token=")[2]


def test_who_forgot_their_password_gets_a_link_and_chooses_another(visit, dora):
    browser = visit()
    assert 'href="/signin/forgotten"' in browser.get("/signin").content.decode()
    answer = browser.post("/signin/forgotten", {"email": "dora@example.org"})
    assert answer.status_code == 200
    path = link_in("A new password")
    page = browser.get(path)
    assert page.status_code == 200
    assert 'autocomplete="new-password"' in page.content.decode()
    answer = browser.post("/signin/new-password", {"token": token_of(path), "new": NEW})
    assert (answer.status_code, answer["Location"]) == (303, "/signin?note=password-replaced")
    assert "Sign in with the new one" in browser.get(answer["Location"]).content.decode()
    assert browser.post("/signin", {"login": "dora", "password": NEW}).status_code == 303


def test_the_page_says_the_same_of_an_address_that_nobody_has(visit, dora):
    pages = [
        visit()
        .post("/signin/forgotten", {"email": f"{name}@example.org"})
        .content.decode()
        .replace(name, "-")
        for name in ("dora", "nobody")
    ]
    assert pages[0] == pages[1]
    assert "If <bdi>-@example.org</bdi> has an account here" in pages[0]


def test_to_look_at_a_link_does_not_use_it_up(visit, dora):
    path = link_in("Welcome to Frontrow")
    for _ in range(3):
        assert visit().get(path).status_code == 200
    assert visit().head(path).status_code == 200
    assert not User.objects.get().email_confirmed
    assert Link.objects.get().used_at is None
    answer = visit().post("/account/confirm", {"token": token_of(path)})
    assert "Your address is confirmed" in answer.content.decode()
    assert User.objects.get().email_confirmed


def test_a_page_with_a_link_is_kept_by_nobody_and_told_to_nobody(visit, dora):
    path = link_in("Welcome to Frontrow")
    for page in (
        visit().get(path),
        visit().get("/signin/new-password?token=x"),
        visit().post("/account/confirm", {"token": "x"}),
    ):
        assert page["Cache-Control"] == "private, no-store"
        assert page["Referrer-Policy"] == "strict-origin"


def test_no_log_has_what_opens_a_link(visit, dora, lines):
    path = link_in("Welcome to Frontrow")
    visit().get(path)
    visit().post("/account/confirm", {"token": token_of(path)})
    told = str(lines())
    assert "/account/confirm" in told
    assert token_of(path) not in told


@pytest.mark.parametrize("path", ["/signin/new-password", "/account/confirm"])
def test_a_link_that_is_over_leads_on(visit, path):
    for token in ("", "x", "A" * 64):
        page = visit().post(path, {"token": token, "new": NEW})
        assert page.status_code in {410, 422}
        assert "This link was used already" in page.content.decode()
        assert 'class="button' in page.content.decode()


def test_a_weak_password_is_said_at_its_field_and_leaves_the_link(visit, dora):
    visit().post("/signin/forgotten", {"email": "dora@example.org"})
    token = token_of(link_in("A new password"))
    for weak, words in (
        ("short", "at least 8 characters"),
        ("password1", "one of the first"),
        ("tab\tis none", "on one line"),
    ):
        page = visit().post("/signin/new-password", {"token": token, "new": weak})
        assert page.status_code == 422
        assert words in page.content.decode()
        assert f'value="{token}"' in page.content.decode()
    assert visit().post("/signin/new-password", {"token": token, "new": NEW}).status_code == 303


def test_a_guessable_password_is_said_where_accounts_are_made_and_changed(visit, dora):
    account = {"name": "Eve", "email": "eve@example.org", "username": "eve", "password": "password1"}
    page = visit().post("/signup", account)
    assert (page.status_code, "one of the first" in page.content.decode()) == (422, True)
    change = {"form": "password", "current": "correct horse battery", "new": "password1"}
    page = dora.post("/account", change)
    assert (page.status_code, "one of the first" in page.content.decode()) == (422, True)


def test_the_account_tells_that_an_address_is_not_confirmed(visit, dora):
    assert "Send the link again" in dora.get("/account").content.decode()
    answer = dora.post("/account/confirm-anew")
    assert answer["Location"] == "/account?note=confirmation-sent"
    visit().post("/account/confirm", {"token": token_of(link_in("Confirm your address"))})
    assert "Send the link again" not in dora.get("/account").content.decode()


def test_too_many_links_are_said(visit, dora):
    for _ in range(5):
        assert dora.post("/account/confirm-anew")["Location"] == "/account?note=confirmation-sent"
    assert dora.post("/account/confirm-anew")["Location"] == "/account?note=confirmation-later"
    page = visit().post("/signin/forgotten", {"email": "dora@example.org"})
    assert page.status_code == 429
    assert "Too many attempts. Wait" in page.content.decode()


def test_a_new_password_signs_out_everywhere(visit, dora):
    browser = another(visit)
    browser.post("/signin/forgotten", {"email": "dora@example.org"})
    answer = browser.post("/signin/new-password", {"token": token_of(link_in("A new password")), "new": NEW})
    assert answer["Location"] == "/signin?note=password-replaced"
    assert browser.cookies["frontrow"].value == ""
