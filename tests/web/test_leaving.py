"""The pages of a person's data: a file of all of it, and leaving, with what goes and what stays."""

import json
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from frontrow.services.reviews import review
from frontrow.services.reviews.tests.stage import time_passes
from frontrow.services.users import passwords
from frontrow.services.users.models import User
from frontrow.web import session
from tests.cast import settle

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def dora(visit, monkeypatch):
    monkeypatch.setattr(passwords.Argon2id, "memory_cost", 8)
    monkeypatch.setattr(passwords.Argon2id, "time_cost", 1)
    browser = visit()
    given = {"name": "Dora", "email": "dora@example.org", "username": "dora", "password": PASSWORD}
    assert browser.post("/signup", given).status_code == 303
    return browser


def test_the_account_leads_to_both(dora):
    page = dora.get("/account").content.decode()
    assert 'href="/account/data"' in page
    assert 'href="/account/delete"' in page


def test_all_of_it_comes_as_a_file(dora):
    settle()
    answer = dora.get("/account/data")
    assert answer["Content-Disposition"].startswith('attachment; filename="frontrow-dora-')
    assert answer["Cache-Control"] == "private, no-store"
    told = json.loads(answer.content)
    assert told["services"]["users"]["account"][0]["email"] == "dora@example.org"
    assert told["services"]["notifications"]["contact"][0]["name"] == "Dora"


def test_leaving_says_what_goes_and_what_stays_and_needs_no_script(dora):
    page = dora.get("/account/delete").content.decode()
    for words in ("What goes", "What stays", "This cannot be taken back", 'autocomplete="current-password"'):
        assert words in page
    assert User.objects.exists()


def test_with_the_password_the_account_goes_and_the_browser_is_signed_out(dora):
    answer = dora.post("/account/delete", {"password": PASSWORD})
    assert answer["Location"] == "/?note=account-deleted"
    assert "Your account is deleted" in dora.get(answer["Location"]).content.decode()
    assert not User.objects.exists()
    assert dora.get("/account")["Location"] == "/signin?next=%2Faccount"


@pytest.mark.parametrize(("given", "status", "words"), [
    ("wrong one", 403, "This is not the password that you have now."),
    ("", 422, "This field is required."),
])  # fmt: skip
def test_without_it_nothing_happens(dora, given, status, words):
    answer = dora.post("/account/delete", {"password": given})
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert User.objects.exists()


def test_who_would_lose_by_it_is_told_what_to_do(dora, ben):
    event = ben.lists(price=0)
    token = session._unsealed(dora.cookies["frontrow"].value).access
    booked = Client().post(
        "/bookings", {"eventId": event["eventId"]}, "application/json",
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    assert booked.status_code == 201
    answer = dora.post("/account/delete", {"password": PASSWORD})
    assert answer.status_code == 409
    assert "Give them back first" in answer.content.decode()
    assert User.objects.exists()


def test_a_review_of_who_left_says_so(dora, ben):
    event = ben.lists(price=0)
    known = session._unsealed(dora.cookies["frontrow"].value)
    booked = Client().post(
        "/bookings", {"eventId": event["eventId"]}, "application/json",
        headers={"Authorization": f"Bearer {known.access}"},
    )  # fmt: skip
    assert booked.status_code == 201
    settle()
    time_passes(event["eventId"])
    review.write(UUID(known.user_id), UUID(event["eventId"]), 4, "Slow in the best way.", timezone.now())
    settle()
    assert dora.post("/account/delete", {"password": PASSWORD}).status_code == 303
    settle()
    page = Client().get(f"/e/{event['eventId']}/reviews", headers={"Accept": "text/html"}).content.decode()
    assert "Slow in the best way" not in page
    assert "has left Frontrow" in page


def test_both_are_for_who_is_signed_in_only(visit):
    for path in ("/account/data", "/account/delete"):
        assert visit().get(path).status_code == 303
    assert visit().post("/account/delete", {"password": PASSWORD}).status_code == 303
