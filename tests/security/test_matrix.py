"""Every route, asked by everybody about what belongs to others: nobody is 401, what is not yours is 404."""

import json

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from frontrow.chassis import administrators
from frontrow.chassis.ids import new_id
from frontrow.services.users.models import User
from tests.security import matrix, routes
from tests.security.scene import ROLES, SERVICE, cookie, scene

pytestmark = pytest.mark.django_db
REFUSED = {"401": {"not_signed_in"}, "404": {"not_found", "event_not_found"}}
MAY_KNOW = {  # what of others no answer may tell, and whom it may
    "bookingId": {"attendee", "organiser", SERVICE},
    "heldId": {"attendee", "organiser", SERVICE},
    "paymentId": {"attendee", "organiser", SERVICE},
    "notificationId": {"attendee"},
    "email": {"attendee", "organiser", SERVICE},
    "draftId": {"organiser"},
    "draft": {"organiser"},
}


@pytest.fixture
def stage():
    return scene()


def test_every_route_has_a_row_and_every_row_a_route(stage):
    there, told = matrix.routes_of(stage), {matrix.route_of(call) for call in matrix.rows()}
    assert there - told == set(), "a route without a row in tests/security/matrix.py"
    assert told - there == set(), "a row without a route"
    assert len(there) > 100


def test_every_documented_call_is_among_them(stage):
    assert routes.documented() <= matrix.routes_of(stage)


def test_whatever_is_sent_belongs_to_a_route(stage):
    assert set(matrix.BODIES) <= matrix.routes_of(stage)


def test_everybody_is_answered_as_the_table_says(stage, record_property):
    wanted = matrix.rows()
    found = {call: matrix.answered(stage, call, row) for call, row in wanted.items()}
    record_property("Who is answered what", found)
    assert {call: row for call, row in found.items() if row != wanted[call]} == {}


def test_nobody_reads_what_is_others(stage):
    """Also where everybody may ask: lists, searches and pages tell each only of their own."""
    secret = {**stage.ids, "email": "attendee@example.org", "draft": "A secret draft"}
    told, leaks = set(), []
    for call, row in matrix.rows().items():
        for role in row:
            answer = stage.ask(role, call, matrix.body(stage, call))
            text = answer.content.decode(errors="replace") if answer.status_code == 200 else ""
            for name in (name for name in MAY_KNOW if secret[name] in text):
                told.add((name, role))
                if role not in MAY_KNOW[name]:
                    leaks.append((call, role, name))
    assert leaks == []
    assert {name for name, _ in told} == set(MAY_KNOW), (
        "something is told to nobody: then this looks at nothing"
    )


def test_a_refusal_tells_nothing_but_that_there_is_nothing(stage):
    """What is another's, and what never was, are answered alike."""
    for call, row in matrix.rows().items():
        if "404" not in row.values() or routes.is_page(routes.filled(call.split()[1], stage.ids)):
            continue
        role = next(role for role, said in row.items() if said == "404")
        answer = stage.ask(role, call, matrix.body(stage, call))
        assert answer.json()["code"] in REFUSED["404"], call
        nowhere = {name: str(new_id()) for name, value in stage.ids.items() if value.count("-") == 4}
        unknown = stage.ask(role, call, matrix.body(stage, call), **nowhere)
        assert _plain(answer) == _plain(unknown), call


def _plain(answer):
    return answer.status_code, {**json.loads(answer.content), "requestId": ""}


def test_no_page_of_the_admin_opens_to_a_token_or_a_cookie_of_the_pages(stage, record_property):
    paths = sorted(path for path in routes.paths() if path.startswith(routes.ADMIN))
    assert len(paths) > 6 * len(admin.site._registry)
    browser = operator(stage)
    found = {}
    for path in paths:
        address = path.replace("{contentTypeId}", "1").replace("{objectId}", str(new_id()))
        address = address.replace("{url}", "nowhere").replace("(?P{url}.*)$", "nowhere")
        row = {role: _admin(stage, role, address) for role in ROLES}
        found[f"GET {path}"] = {**row, "operator": str(browser.get(address).status_code)}
    record_property("Who is answered what in the admin", found)
    open_to_all = {"GET /admin/login/", "GET /admin/jsi18n/"}
    inside = {call: row for call, row in found.items() if call not in open_to_all}
    assert [c for c, row in inside.items() if not set(list(row.values())[:-1]) <= {"302", "405"}] == []
    assert sum(row["operator"] == "200" for row in found.values()) > len(admin.site._registry)


def _admin(stage, role, address):
    client = Client(raise_request_exception=False)
    if role in stage.cast:
        client.cookies["frontrow"] = cookie(stage.cast[role])
        headers = {"Authorization": f"Bearer {stage.cast[role].token}"}
    else:
        headers = {}
    return str(client.get(address, headers=headers).status_code)


def operator(stage):
    """A browser in which the administrator came in by the admin's own sign-in."""
    browser = Client(raise_request_exception=False)
    browser.force_login(administrators._shadow(stage.cast["administrator"].user_id, "administrator"))
    assert browser.get(reverse("admin:index")).status_code == 200
    return browser


def test_who_is_no_administrator_any_more_sees_no_page_of_the_admin(stage):
    browser = operator(stage)
    User.objects.update(is_admin=False)
    assert browser.get(reverse("admin:index")).status_code == 302
