"""What the services are told of a request, what nobody may tell them, and what clients are told."""

import re
from contextlib import closing
from http.client import HTTPConnection

import pytest
from django.http import JsonResponse
from django.test import RequestFactory

from frontrow.chassis.middleware import CLIENT_ADDRESS, INTERNAL_HEADER, OF_GATEWAY, REQUEST_ID, SafeHeaders
from frontrow.chassis.trace import FORM, trace_of
from tests.embedded.system import wait
from tests.gateway.stage import PATIENCE, SECRET, places
from tests.gateway.stage import gateway as a_gateway

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def told(gateway, services, **headers):
    """The headers with which a service was asked, and the answer."""
    answer = gateway.get("/bookings", **headers)
    (request,) = services["bookings"].asked
    return request.headers, answer


def test_a_service_is_told_who_asks_and_how(gateway, services):
    headers, _ = told(gateway, services, Host="tickets.example.org:8080")
    assert headers["Host"] == "tickets.example.org:8080"
    assert headers[CLIENT_ADDRESS] == "127.0.0.1"
    assert headers["X-Gateway-Secret"] == SECRET
    assert headers["X-Forwarded-Proto"] == "http"


@pytest.mark.parametrize(
    "name",
    [
        INTERNAL_HEADER, CLIENT_ADDRESS, "X-Gateway-Secret", "X-Forwarded-For", "Forwarded", "X-Real-IP",
        "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "Proxy",
    ],
)  # fmt: skip
def test_what_only_our_own_may_say_is_not_believed(gateway, services, name):
    request = f"GET /bookings HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{name}: spoofed\r\n{name.upper()}: spoofed\r\n"
    request += f"{name.replace('-', '_')}: spoofed\r\n\r\n"
    assert b"200 OK" in gateway.send(request.encode())
    (asked,) = services["bookings"].asked
    assert "spoofed" not in str(asked.headers)


def test_a_token_passes(gateway, services):
    headers, _ = told(gateway, services, Authorization="Bearer x", Idempotency_Key="k", Cookie="a=b")
    assert (headers["Authorization"], headers["Idempotency-Key"], headers["Cookie"]) == (
        "Bearer x",
        "k",
        "a=b",
    )


@pytest.mark.parametrize("given", ["01990000-0000-7000-8000-000000000000", "a.b_c-12", "x" * 64])
def test_a_request_keeps_the_id_its_client_gave_it(gateway, services, given):
    headers, answer = told(gateway, services, X_Request_ID=given)
    assert headers.get_all("X-Request-ID") == answer.headers.get_all("X-Request-ID") == [given]


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space", 'quoted"id', "a,b,c,d,e"])
def test_an_id_of_another_form_is_replaced(gateway, services, given):
    headers, answer = told(gateway, services, X_Request_ID=given)
    ours = headers["X-Request-ID"]
    assert REQUEST_ID.fullmatch(ours)
    assert ours != given
    assert answer.headers.get_all("X-Request-ID") == [ours]


def test_an_id_is_told_once_also_if_the_service_tells_it(gateway, services):
    services["bookings"].reply = lambda asked: (200, {"X-Request-ID": asked.headers["X-Request-ID"]}, b"")
    headers, answer = told(gateway, services)
    assert answer.headers.get_all("X-Request-ID") == [headers["X-Request-ID"]]


def test_without_an_id_a_request_is_known_by_its_trace(gateway, services):
    headers, _ = told(gateway, services, traceparent=TRACEPARENT)
    assert headers["X-Request-ID"] == TRACE
    assert headers["traceparent"] == TRACEPARENT


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nonsense",
        TRACEPARENT.upper(),
        TRACEPARENT + "x",
        f"ff{TRACEPARENT[2:]}",
        TRACEPARENT.replace(TRACE, "0" * 32),
    ],
)
def test_a_trace_begins_where_none_is_told(gateway, services, given):
    headers, _ = told(gateway, services, traceparent=given)
    trace = FORM.fullmatch(headers["traceparent"])[1]
    assert trace == trace_of(headers["X-Request-ID"]) != TRACE


def test_refusals_of_the_gateway_have_the_headers_of_the_services(gateway):
    of_services = SafeHeaders(lambda request: JsonResponse({}))(RequestFactory().get("/x"))
    ours = gateway.get("/-/nowhere").headers
    expected = {name: value for name, value in of_services.items() if name != "Content-Type"}
    assert {name: ours[name] for name in expected} == expected
    assert all(len(ours.get_all(name)) == 1 for name in expected)


def test_headers_of_a_service_pass_as_they_are(gateway, services):
    services["payments"].reply = lambda asked: (
        200, {"Content-Security-Policy": "default-src 'self'", "Cache-Control": "max-age=60"}, b""
    )  # fmt: skip
    headers = gateway.get("/sandbox/x").headers
    assert headers.get_all("Content-Security-Policy") == ["default-src 'self'"]
    assert headers.get_all("Cache-Control") == ["max-age=60"]
    assert headers["Referrer-Policy"] is None


@pytest.mark.parametrize("path", ["/", "/bookings", "/nowhere"])
def test_what_all_answers_say_is_said_once_whatever_a_service_says(gateway, services, path):
    for said in ({}, dict.fromkeys(OF_GATEWAY, "another")):
        services["web"].reply = services["bookings"].reply = lambda asked, said=said: (200, said, b"")
        headers = gateway.get(path, Cookie="a=b").headers
        assert {name: headers.get_all(name) for name in OF_GATEWAY} == {
            name: [value] for name, value in OF_GATEWAY.items()
        }


@pytest.mark.parametrize("path", ["/bookings", "/-/nowhere"])
def test_nobody_is_told_which_nginx_this_is(gateway, path):
    assert gateway.get(path).headers["Server"] == "nginx"


def test_long_answers_are_compressed_for_who_can_read_that(gateway, services):
    services["bookings"].reply = lambda asked: (200, {}, b'{"x": "' + b"y" * 2000 + b'"}')
    packed = gateway.get("/bookings", Accept_Encoding="gzip")
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert len(packed.body) < 200
    assert gateway.get("/bookings").headers["Content-Encoding"] is None
    assert services["bookings"].asked[0].headers["Accept-Encoding"] is None


def test_a_proxy_before_us_is_believed_only_if_we_are_told_so(services):
    given = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    for networks, client in (("", "127.0.0.1"), ("127.0.0.0/8", "198.51.100.7")):
        with a_gateway(places(services), GATEWAY_PROXIES=networks) as gateway:
            assert gateway.get("/bookings", **given).status == 200
        assert services["bookings"].asked[-1].headers[CLIENT_ADDRESS] == client


def test_the_log_follows_a_request_and_tells_no_secret(gateway, services):
    path = "/bookings?q=private-word"
    gateway.get(path, X_Request_ID="followed-1", Authorization="Bearer secret-word", User_Agent='a "browser"')
    gateway.get("/sandbox/secret-reference", X_Request_ID="followed-2")
    gateway.get("/stripe/secret-reference", X_Request_ID="followed-3")
    wait(PATIENCE, lambda: all(f'"followed-{n}"' in gateway.said() for n in (1, 2, 3)), "they are logged")
    lines = {line["request_id"]: line for line in gateway.lines()}
    line = lines["followed-1"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/bookings", 200)
    assert (line["client"], line["user_agent"]) == ("127.0.0.1", 'a "browser"')
    assert line["upstream"] == services["bookings"].place
    assert re.fullmatch(r"[0-9a-f]{32}", line["trace_id"])
    assert float(line["upstream_seconds"]) >= 0 <= line["seconds"]
    assert (lines["followed-2"]["path"], lines["followed-3"]["path"]) == ("/sandbox/-", "/stripe/-")
    assert not re.search("private-word|secret-word|secret-reference", gateway.said())


def from_memory(gateway, **headers):
    """An answer that no service was asked for; one is kept for a second only."""
    return next(
        answer
        for answer in (gateway.get("/", **headers) for _ in range(100))
        if answer.headers["X-Cache-Status"] == "HIT"
    )


def test_an_answer_from_memory_is_logged_under_an_id_of_its_own(gateway):
    answers = [from_memory(gateway, User_Agent='a "browser"') for _ in range(3)]
    answers.append(from_memory(gateway, X_Request_ID="followed-4"))
    ids = [answer.headers["X-Request-ID"] for answer in answers]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{8,64}", each) for each in ids)
    assert (len({*ids}), ids[3]) == (4, "followed-4")
    wait(PATIENCE, lambda: all(f'"{each}"' in gateway.said() for each in ids), "they are logged")
    for each in ids[:3]:
        (line,) = [line for line in gateway.lines() if line["request_id"] == each]
        assert (line["method"], line["path"], line["status"]) == ("GET", "/", 200)
        assert (line["client"], line["user_agent"]) == ("127.0.0.1", 'a "browser"')
        assert (line["cache"], line["bytes"] > 0, line["trace_id"]) == ("HIT", True, "")


def test_an_answer_from_memory_belongs_to_the_trace_that_it_is_told(gateway):
    assert from_memory(gateway, traceparent=TRACEPARENT).headers["X-Request-ID"] == TRACE

    def traces():
        return [
            line["trace_id"]
            for line in gateway.lines()
            if (line["request_id"], line["cache"]) == (TRACE, "HIT")
        ]

    wait(PATIENCE, lambda: traces() == [TRACE], "it is logged")


def test_who_asks_a_hundred_times_fills_no_log_with_what_cost_nothing(gateway):
    kept = {}
    with closing(HTTPConnection("127.0.0.1", gateway.port)) as connection:
        for n in range(1, 151):
            connection.request(
                "GET", "/" if n < 150 else "/bookings", headers={"X-Request-ID": f"often-{n:03}"}
            )
            answer = connection.getresponse()
            answer.read()
            kept[f"often-{n:03}"] = n > 99 and answer.headers["X-Cache-Status"] == "HIT"
    wait(PATIENCE, lambda: '"often-150"' in gateway.said(), "the last is logged")
    logged = {line["request_id"] for line in gateway.lines()} & kept.keys()
    assert logged == {each for each, is_kept in kept.items() if not is_kept}
    assert len(logged) < 150
