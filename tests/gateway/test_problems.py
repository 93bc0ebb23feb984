"""What the gateway refuses itself reads like a refusal of the services; what these refuse passes untouched."""

import json
import re

import pytest

from frontrow.chassis import refusals
from frontrow.chassis.api import TooLarge
from frontrow.chassis.environment import Environment
from frontrow.web import languages
from tests.gateway import stage
from tests.gateway.stage import gateway as a_gateway
from tests.gateway.stage import places
from tests.gateway.test_routes import CALLS

MOST = Environment.model_fields["max_body_bytes"].default
TITLES = {413: "Content Too Large"}  # older Pythons know the older name


def same(answer, refusal):
    """Whether the gateway's answer is what a service would have said, headers that count included."""
    expected = refusal.answer(answer.headers["X-Request-ID"])
    document = json.loads(expected.content)
    document["title"] = TITLES.get(answer.status, document["title"])
    assert (answer.status, answer.json) == (expected.status_code, document)
    assert list(answer.json) == list(document)
    assert answer.headers["Content-Type"] == expected["Content-Type"]
    assert answer.headers["Retry-After"] == expected.get("Retry-After")


def test_not_found(gateway):
    same(gateway.get("/-/nowhere.html"), refusals.NotFound())


def test_too_large(gateway, services):
    same(gateway.post("/bookings", b"x" * (MOST + 1)), TooLarge())
    assert services["bookings"].asked == []
    assert gateway.post("/bookings", b"x" * MOST).status == 200


def test_too_large_in_pieces(gateway, services):
    head = b"POST /bookings HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    answer = gateway.send(head + b"50000\r\n" + b"x" * 0x50000 + b"\r\n0\r\n\r\n")
    assert b" 413 " in answer.splitlines()[0]
    assert services["bookings"].asked == []


def test_away(gateway):
    with a_gateway({}) as alone:
        for path in (
            "/login",
            "/events",
            "/bookings",
            "/docs",
            "/docs/users",
            "/static/x.css",
            "/readyz",
            "/",
            "/e/x",
        ):
            same(alone.get(path), refusals.Unavailable())
        same(alone.post("/payments"), refusals.Unavailable())


def test_too_many(services):
    with a_gateway(places(services), GATEWAY_RATE="1") as limited:
        answers = (limited.get("/bookings") for _ in range(1000))
        refused = next(answer for answer in answers if answer.status != 200)
    same(refused, refusals.TooMany(2))


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /%zz HTTP/1.1", 400),
        (b"GET /%00 HTTP/1.1", 400),
        (b"nonsense", 400),
        (b"GET /bookings HTTP/1.1\r\nHost: a\r\nHost: b", 400),
        (b"GET /bookings HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: odd", 400),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 9000, 431),
        (b"TRACE / HTTP/1.1\r\nHost: x", 405),
    ],
)
def test_what_nginx_cannot_read_is_refused_in_the_same_form(gateway, services, request_line, status):
    raw = gateway.send(request_line + b"\r\nConnection: close\r\n\r\n")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Content-Type: application/problem+json" in head
    code = "method_not_allowed" if status == 405 else "bad_request"
    document = json.loads(body)
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == f"urn:frontrow:problem:{code}"
    assert f"X-Request-ID: {document['requestId']}".encode() in head
    assert [name for name, service in services.items() if service.asked] == []


@pytest.mark.parametrize(
    "second", [b"Transfer-Encoding: chunked", b"Content-Length: 4", b"Content-Length: 5"]
)
def test_a_body_of_two_lengths_is_handed_to_nobody(gateway, services, second):
    head = b"POST /bookings HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n" + second
    head, _, body = gateway.send(head + b"\r\n\r\n0\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["code"] == "bad_request"
    assert services["bookings"].asked == []


@pytest.mark.parametrize("status", [400, 404, 405, 409, 413, 422, 429, 500, 502, 503, 504])
def test_a_refusal_of_a_service_passes_untouched(gateway, services, status):
    document = json.dumps({"code": "its_own", "status": status}).encode()
    headers = {"Content-Type": refusals.CONTENT_TYPE, "Retry-After": "7", "Allow": "GET"}
    services["bookings"].reply = lambda asked: (status, headers, document)
    answer = gateway.get("/bookings")
    assert (answer.status, answer.body) == (status, document)
    assert {name: answer.headers.get_all(name) for name in headers} == {n: [v] for n, v in headers.items()}
    assert len(services["bookings"].asked) == 1, "a refusal is an answer: nobody else is asked"


def as_people_do(gateway, path, method="GET", body=None, **headers):
    """The answer to a browser."""
    return gateway.ask(method, path, body, Accept="text/html,application/xml;q=0.9,*/*;q=0.8", **headers)


@pytest.mark.parametrize("path", ["/", "/e/x?a=b", "/my/bookings", "/organize", "/sandbox/x", "/eventsx"])
def test_people_are_told_by_a_page_that_a_part_is_away(services, path):
    with a_gateway({}) as alone:
        answer = as_people_do(alone, path)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    page = answer.body.decode()
    assert '<a href="">Try again</a>' in page
    assert '<meta name="color-scheme" content="light dark">' in page
    assert answer.headers["X-Request-ID"] in page
    assert not re.search(r"<(script|style|link|img)| style=|https?:", page)


def test_the_api_answers_by_problem_documents_whoever_asks(services):
    calls = {f"/{path.split('/')[1]}" for _, _, path in CALLS}
    assert len(calls) > 8
    with a_gateway({}) as alone:
        for path in [*calls, "/docs", "/static/web/x.css", "/openapi/users.json", "/readyz"]:
            same(as_people_do(alone, path), refusals.Unavailable())


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "Try again"),
        ({"Accept_Language": "de-AT"}, "Noch einmal versuchen"),
        ({"Accept_Language": "nl,FR;q=0.5"}, "Réessayer"),
        ({"Accept_Language": "de", "Cookie": f"{languages.COOKIE}=es"}, "Intentar de nuevo"),
        ({"Accept_Language": "nl", "Cookie": f"{languages.COOKIE}=<script>"}, "Try again"),
    ],
)
def test_in_the_language_of_the_reader(gateway, headers, words):
    page = as_people_do(gateway, "/-/x", **headers).body.decode()
    assert words in page
    assert "<script>" not in page


def test_each_refusal_has_words_of_its_own_in_each_language(gateway, services):
    said = set()
    with a_gateway(places(services), GATEWAY_RATE="1") as limited:
        for language in languages.NAMES:
            told = {"Accept_Language": language}
            answers = [
                as_people_do(gateway, "/-/x", **told),
                as_people_do(gateway, "/", "TRACE", **told),
                as_people_do(gateway, "/organize", "POST", b"x" * (11 * 2**20 + 1), **told),
                next(
                    a for a in (as_people_do(limited, "/e", **told) for _ in range(1000)) if a.status != 200
                ),
            ]
            assert [answer.status for answer in answers] == [404, 405, 413, 429]
            said |= {re.search(r"<h1>(.+)</h1>\n<p>(.+)</p>", a.body.decode()).groups() for a in answers}
    assert len(said) == 4 * len(languages.NAMES)
    assert len({words for _, words in said}) == len(said)


def test_a_refusal_of_the_pages_passes_untouched(gateway, services):
    services["web"].reply = lambda asked: (503, {"Content-Type": "text/html"}, b"its own words")
    answer = as_people_do(gateway, "/my/bookings")
    assert (answer.status, answer.body) == (503, b"its own words")


def test_the_body_of_a_refusal_has_the_id_of_its_request(gateway):
    assert gateway.get("/-/nowhere", X_Request_ID="my-request-1").json["requestId"] == "my-request-1"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("GATEWAY_SECRET", "too-short"),
        ("GATEWAY_SECRET", 'with "quotes"; and more than thirty-two characters'),
        ("GATEWAY_PORT", "eighty"),
        ("GATEWAY_RATE", "0"),
        ("GATEWAY_WRITE_RATE", "-1"),
        ("GATEWAY_CONNECTIONS", "1;"),
        ("BOOKINGS_UPSTREAM", "bookings"),
        ("BOOKINGS_UPSTREAM", "bookings:8000; server evil:1"),
    ],
)
def test_a_bad_setting_is_refused_by_name(setting, value):
    started = stage.Gateway({setting: value})
    assert started.process.wait(stage.PATIENCE) == 2
    assert setting.removesuffix("_UPSTREAM").lower() in started.said().lower()
    assert "with" not in started.said(), "a secret is not told"
    started.end()
