"""Where organisers must sign in in two steps, what they do is refused without; what everybody does is not."""

import pytest
from django.utils import timezone

from frontrow.services.users import keys
from tests.cast import Actor, event_body

pytestmark = pytest.mark.django_db
ID = "0198c5a0-0000-7000-8000-000000000077"
ORGANISE = [
    ("POST", "/events", event_body()), ("PUT", f"/events/{ID}", {"title": "New"}), ("DELETE", f"/events/{ID}", None),
    ("PUT", f"/events/{ID}/cover", None), ("DELETE", f"/events/{ID}/cover", None),
    ("POST", "/refunds", {"paymentId": ID}), ("POST", "/notifications", {"eventId": ID, "message": "Dear all"}),
    ("POST", f"/reviews/{ID}/answer", {"comment": "Thank you"}),
]  # fmt: skip
OTHERS = [
    ("GET", "/events", None), ("GET", "/bookings", None), ("POST", "/bookings", {"eventId": ID}),
    ("GET", "/payments", None), ("POST", "/reviews", {"eventId": ID, "rating": 4, "comment": "Good"}),
]  # fmt: skip


@pytest.fixture
def needed(settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"organizers_need_two_factor": True})


def came_in_by(*amr):
    actor = Actor()
    actor.token = keys.sign(actor.user_id, [], timezone.now(), amr)
    return actor


@pytest.mark.parametrize(("method", "path", "body"), ORGANISE)
def test_organising_takes_two_factors_where_the_installation_says_so(needed, method, path, body):
    for amr in (("pwd",), (), ("pwd", "otp")):
        status, problem = came_in_by(*amr).call(method, path, body)
        assert (status, problem["code"]) == (403, "two_factor_needed"), amr
    status, answer = came_in_by("pwd", "otp", "mfa").call(method, path, body)
    assert (answer or {}).get("code") != "two_factor_needed"
    assert status != 403 or path == "/notifications"


@pytest.mark.parametrize(("method", "path", "body"), OTHERS)
def test_what_everybody_does_takes_none(needed, method, path, body):
    assert (came_in_by("pwd").call(method, path, body)[1] or {}).get("code") != "two_factor_needed"


@pytest.mark.parametrize(("method", "path", "body"), ORGANISE)
def test_elsewhere_nothing_takes_them(method, path, body):
    assert (came_in_by("pwd").call(method, path, body)[1] or {}).get("code") != "two_factor_needed"


def test_who_is_nobody_is_told_to_sign_in(needed, nobody):
    assert nobody.post("/events", event_body())[0] == 401
