"""What every answer has in common, whoever asks: its form, its headers, and that reading changes nothing."""

import re

import pytest
from django.test import Client

from frontrow.services.users.models import User
from tests.security import matrix, routes
from tests.security.scene import cookie, scene
from tests.security.test_mass_assignment import state

pytestmark = pytest.mark.django_db
READS_AND_MARKS = "GET /my/notifications/{notificationId}"  # one's own, as read
TEXT = re.compile(r"text/(html|plain|csv|calendar|css|javascript|xml)")


@pytest.fixture
def answers():
    """What the organiser is answered to every call of the matrix."""
    one = scene()
    found = {call: one.ask("organiser", call, matrix.body(one, call)) for call in matrix.rows()}
    assert len(found) > 120
    return found


def test_an_answer_says_what_it_is_and_in_which_encoding(answers):
    wrong = {}
    for call, answer in answers.items():
        kind = answer.get("Content-Type", "")
        if answer.content and (not kind or (TEXT.match(kind) and "charset=utf-8" not in kind)):
            wrong[call] = kind
    assert wrong == {}


def test_no_answer_may_be_sniffed_framed_or_kept_unless_it_is_for_everybody(answers):
    for call, answer in answers.items():
        assert answer["X-Content-Type-Options"] == "nosniff", call
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], call
        by_link = call.endswith((" /signin/new-password", " /account/confirm"))  # whose address is a secret
        assert answer["Referrer-Policy"] == ("strict-origin" if by_link else "same-origin"), call
        assert "unsafe" not in answer["Content-Security-Policy"], call
        if "401" in matrix.rows()[call].values() or "in" in matrix.rows()[call].values():
            assert "no-store" in answer["Cache-Control"], call


def test_a_page_of_another_origin_is_told_nothing(answers):
    for call, answer in answers.items():
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")], call
    foreign = Client(headers={"Origin": "https://evil.example"})
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for path in ("/events", "/bookings", "/login", "/profile", "/"):
        for answer in (foreign.get(path), foreign.options(path, headers=preflight)):
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")], path


def test_a_form_of_another_origin_is_refused_everywhere():
    one = scene()
    sent = [call for call in matrix.rows() if call.startswith("POST ")]
    pages = [call for call in sent if routes.is_page(routes.filled(call.split()[1], one.ids))]
    assert len(pages) > 15
    before = state()
    for call in pages:
        browser = Client(headers={"Origin": "https://evil.example"}, raise_request_exception=False)
        browser.cookies["frontrow"] = cookie(one.cast["organiser"])
        address = routes.filled(call.split()[1], one.ids)
        assert browser.post(address, matrix.body(one, call) or {}).status_code == 403, call
    assert state() == before


def test_to_read_changes_nothing():
    one = scene()
    reading = [call for call in matrix.rows() if call.startswith("GET ") and call != READS_AND_MARKS]
    before = state()
    for call in reading:
        for role in ("nobody", "attendee", "organiser"):
            address = routes.filled(call.split()[1], one.ids)
            asked = one._page if routes.is_page(address) else one._api
            answer = asked(role, "GET", address, None)
            b"".join(answer) if answer.streaming else answer.content
    assert {table for table, sums in state().items() if sums != before[table]} == set()


def test_there_is_no_account_before_somebody_registers():
    assert not User.objects.exists()


def test_passwords_are_masked_and_left_to_the_browsers_keepers():
    one = scene()
    pages = {"/signin": "nobody", "/signup": "nobody", "/account": "stranger"}
    for path, role in pages.items():
        text = one.ask(role, f"GET {path}").content.decode()
        fields = re.findall(r'<input[^>]*name="(?:password|current|new)"[^>]*>', text)
        assert fields, path
        for field in fields:
            assert 'type="password"' in field, field
            assert re.search(r'autocomplete="(current|new)-password"', field), field
        assert "onpaste" not in text
