"""What every page is, whoever looks."""

import json
import socket
from contextlib import closing
from threading import Thread

import httpx
import pytest
from django.test import Client, override_settings
from django.urls import path

from frontrow.chassis import http
from frontrow.chassis.refusals import Unavailable
from frontrow.urls import handler400, handler404, handler500, urlpatterns  # noqa: F401, Django looks for handlers here
from frontrow.web import clients, page
from frontrow.web.notes import NOTES
from frontrow.web.rendering import render
from frontrow.web.session import SessionOver
from tests.cast import Actor

HTML = {"Accept": "text/html"}
TRIED: list[str] = []


@page.action(signed_in=False)
def changed(request):
    TRIED.append("changed")
    return page.redirect(request, "/signin", note="signed-out")


@page.page
def failing(request, why):
    TRIED.append(why)
    reasons = {"away": Unavailable(), "over": SessionOver(), "refused": clients.Refused(409, {"code": "odd"}),
               "bug": RuntimeError("a bug"), "wait": clients.Refused(429, {"code": "too_many_requests", "retryAfter": 7})}  # fmt: skip
    if why == "over" and not request.visitor.signed_in:
        return render(request, "web/error.html", {"status": 404})
    raise reasons[why]


@page.page(signed_in=True)
def own(request):
    return render(request, "web/error.html", {"status": 404})


urlpatterns = [*urlpatterns, path("changed", changed), path("failing/<str:why>", failing), path("own", own)]
here = override_settings(ROOT_URLCONF=__name__)


@pytest.fixture(autouse=True)
def _fresh():
    TRIED.clear()
    with here:
        yield


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "http://127.0.0.1:8000"}, True),  # PUBLIC_URL
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://testserver.evil.example"}, False),
        ({}, False),
    ],
)
def test_only_pages_of_ours_send_forms(headers, accepted):
    answer = Client().post("/changed", headers={**HTML, **headers})
    assert (answer.status_code, TRIED) == ((303, ["changed"]) if accepted else (403, []))


@pytest.mark.parametrize(
    ("method", "address"), [("get", "/changed"), ("post", "/signout-is-no-page"), ("put", "/own")]
)
def test_other_methods_and_addresses_do_nothing(method, address):
    answer = getattr(Client(), method)(address, headers={**HTML, "Origin": "http://testserver"})
    assert answer.status_code in {404, 405}
    assert TRIED == []


def test_programs_are_told_in_their_own_form_that_there_is_nothing():
    answer = Client().get("/nowhere", headers={"Accept": "*/*"})
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("de-AT,de;q=0.9", "de"),
        ("fr", "fr"),
        ("es-419", "es"),
        ("ja,fr;q=0.5", "fr"),
        ("zz", "en"),
        ("", "en"),
    ],
)
def test_a_page_speaks_the_browsers_language(accept, language):
    answer = Client().get("/nowhere", headers={**HTML, "Accept-Language": accept})
    assert answer.status_code == 404
    assert answer["Content-Language"] == language
    assert f'lang="{language}"' in answer.text


def test_the_switch_wins_and_makes_the_page_that_persons_own():
    client = Client(headers={**HTML, "Accept-Language": "de"})
    client.cookies["frontrow_language"] = "fr"
    answer = client.get("/own", follow=True)
    assert answer["Content-Language"] == "fr"
    assert answer["Cache-Control"] == "private, no-store"


def test_what_everybody_sees_sets_no_cookie_and_may_be_shared():
    answer = Client().get("/signin", headers=HTML)
    assert answer.status_code == 200
    assert answer.cookies == {}
    assert answer["Cache-Control"] == "no-cache"
    assert answer["Vary"] == "Accept-Language, Cookie, Accept-Encoding"


@pytest.mark.django_db
def test_what_one_person_sees_is_kept_by_nobody(visit, ben):
    answer = visit(ben).get("/own")
    assert answer["Cache-Control"] == "private, no-store"


def test_who_is_not_signed_in_signs_in_first_and_comes_back():
    answer = Client().get("/own?tab=past", headers=HTML)
    assert (answer.status_code, answer["Location"]) == (303, "/signin?next=%2Fown%3Ftab%3Dpast")


@pytest.mark.parametrize(("why", "status"), [("away", 503), ("refused", 400), ("wait", 429), ("bug", 500)])
def test_what_goes_wrong_has_a_page_and_a_bug_the_requests_id(why, status):
    answer = Client(raise_request_exception=False).get(f"/failing/{why}", headers=HTML)
    assert answer.status_code == status
    assert (answer["X-Request-ID"] in answer.text) == (why == "bug")
    assert answer["Content-Type"].startswith("text/html")
    assert answer.has_header("Retry-After") == (status in {429, 503})


@pytest.mark.django_db
def test_whose_session_ended_goes_on_as_nobody_where_that_is_possible(visit, ben):
    client = visit(ben)
    answer = client.get("/failing/over")
    assert TRIED == ["over", "over"]
    assert answer.cookies["frontrow"]["max-age"] == 0


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("/my/bookings?tab=past", "/my/bookings?tab=past"), ("https://evil.example/", "/"), ("//evil.example", "/"),
        ("/\\evil.example", "/"), ("javascript:alert(1)", "/"), ("", "/"), ("my", "/"), ("/a\nb", "/"), ("/ö", "/ö"),
    ],
)  # fmt: skip
def test_nobody_is_led_elsewhere(address, safe):
    assert page.safe_next(address) == safe


def test_htmx_is_led_by_a_header_of_its_own():
    answer = Client().post("/changed", headers={**HTML, "Origin": "http://testserver", "HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/signin?note=signed-out")


@pytest.fixture
def hanging(monkeypatch):
    """Notifications answers after half a minute. Whoever asked it is counted."""
    asked, number = [], json.dumps({"unread": 7}).encode()

    def answer(connection):
        asked.append(connection.recv(10_000))
        connection.settimeout(30)
        try:
            connection.recv(1)  # nothing, as soon as who asked has gone
        except TimeoutError:
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            connection.sendall(head % len(number) + number)
        connection.close()

    def serve(server):
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            Thread(target=answer, args=(connection,), daemon=True).start()

    known = http._client
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        Thread(target=serve, args=(server,), daemon=True).start()
        with httpx.Client(base_url=f"http://127.0.0.1:{server.getsockname()[1]}", timeout=60) as slow:
            monkeypatch.setattr(
                http, "_client", lambda service: slow if service == "notifications" else known(service)
            )
            yield asked


@pytest.mark.django_db
def test_a_number_that_nobody_tells_is_not_waited_for_again_and_again(visit, ben, hanging):
    browser = visit(ben)
    for _ in range(3):
        answer = browser.get("/own")
        assert answer.status_code == 200
        assert "7 unread" not in answer.text
    assert len(hanging) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["away", "refused", "wait"])
def test_what_went_wrong_is_told_to_whose_session_has_ended_too(visit, why):
    answer = visit(Actor(token="no longer one")).get(f"/failing/{why}")
    assert answer.status_code in {400, 429, 503}
    assert answer.cookies["frontrow"]["max-age"] == 0
    assert 'href="/signin' in answer.text


@pytest.mark.django_db
def test_a_number_that_is_refused_is_left_out(visit, ben, monkeypatch):
    def refuse(*_, **__):
        raise clients.Refused(429, {"code": "too_many_requests"})

    monkeypatch.setattr(clients, "maybe", refuse)
    assert visit(ben).get("/failing/away").status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "word", "told"),
    [
        ("/", "signed-out", "You are signed out."),
        ("/organize", "draft-dropped", "The draft is gone."),
        ("/my/bookings", "choose-card", "Choose a card to pay with."),
        ("/", "event-cancelled", ""),
        ("/signin", "password-changed", ""),
        ("/my/bookings", "refunded", ""),
        ("/organize", "payment-unknown", ""),
    ],
)
def test_a_note_is_told_only_where_it_belongs(visit, ben, path, word, told):
    browser = visit() if path == "/signin" else visit(ben)
    text = browser.get(path, {"note": word}).text
    assert str(NOTES[word].text) == told or not told
    assert (str(NOTES[word].text) in text) == bool(told)


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", ["nonsense", "x" * 501, "a%00b"])
@pytest.mark.parametrize(
    "path", ["/my/reviews", "/my/bookings?tab=past", "/my/notifications?unread=1", "/organize"]
)
def test_a_list_that_cannot_go_on_begins_anew(visit, ben, path, cursor):
    browser, sign = visit(ben), "&" if "?" in path else "?"
    answer = browser.get(f"{path}{sign}cursor={cursor}")
    assert (answer.status_code, answer["Location"]) == (302, path)
    assert browser.get(path).status_code == 200


def test_what_cannot_be_read_has_a_page_and_programs_an_answer():
    sent = {f"field{number}": "1" for number in range(1100)}
    answers = [
        Client().post("/signin", sent, headers={"Accept": accept, "Origin": "http://testserver"})
        for accept in ("text/html", "*/*")
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert "We didn’t understand that" in answers[0].text
    assert answers[1]["Content-Type"] == "application/problem+json"
