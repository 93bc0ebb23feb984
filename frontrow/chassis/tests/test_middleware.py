import gzip
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from prometheus_client import REGISTRY
from pydantic import SecretStr

from frontrow.chassis.middleware import (
    CLIENT_ADDRESS,
    INTERNAL_HEADER,
    OF_GATEWAY,
    Packed,
    RequestContext,
    client_address,
)

SECRET = "g" * 32


@pytest.fixture
def gateway(settings):
    """This installation has a gateway with a secret."""
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"gateway_secret": SecretStr(SECRET)})


def request(peer="203.0.113.9", **headers):
    return RequestFactory(REMOTE_ADDR=peer).get("/", headers=headers)


def test_without_a_gateway_a_clients_address_is_its_own():
    assert client_address(request()) == "203.0.113.9"


@pytest.mark.parametrize("told", ["192.0.2.1", "2001:db8::1"])
def test_the_gateway_tells_the_clients_address(gateway, told):
    headers = {"X-Gateway-Secret": SECRET, "X-Client-Address": told}
    assert client_address(request(peer="10.0.0.2", **headers)) == told


@pytest.mark.parametrize("secret", ["", "x", SECRET[:-1], SECRET + "g", SECRET.upper(), "é" * 32])
def test_nobody_else_does(gateway, secret):
    headers = {"X-Gateway-Secret": secret, "X-Client-Address": "192.0.2.1"}
    assert client_address(request(**headers)) == "203.0.113.9"


@pytest.mark.parametrize("secret", ["", "None", SECRET])
def test_where_there_is_no_gateway_nobody_speaks_for_one(secret):
    headers = {"X-Gateway-Secret": secret, "X-Client-Address": "192.0.2.1"}
    assert client_address(request(**headers)) == "203.0.113.9"


def test_another_of_our_services_tells_for_whom_it_asks_or_nobody(settings):
    ours = {INTERNAL_HEADER: settings.ENVIRONMENT.derived_secret("internal")}
    assert client_address(request(**ours, **{CLIENT_ADDRESS: "192.0.2.1"})) == "192.0.2.1"
    assert client_address(request(**ours)) == "203.0.113.9"
    assert client_address(request(**{INTERNAL_HEADER: SECRET, CLIENT_ADDRESS: "192.0.2.1"})) == "203.0.113.9"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-Address"])
def test_no_header_that_a_client_can_send_is_believed(gateway, header):
    assert client_address(request(**{header: "192.0.2.1"})) == "203.0.113.9"


@pytest.mark.parametrize(
    "told", [{}, {"X-Client-Address": "unknown"}, {"X-Client-Address": "192.0.2.1, 10.0.0.1"}]
)
def test_a_gateway_that_tells_no_address_is_a_fault_and_shares_no_limit(gateway, told):
    with pytest.raises(ValueError, match="IPv4"):
        client_address(request(**{"X-Gateway-Secret": SECRET, **told}))


def test_a_request_gets_an_id_and_its_problem_tells_it(client):
    answer = client.get("/nowhere")
    assert UUID(answer["X-Request-ID"]).version == 7
    assert answer.json()["requestId"] == answer["X-Request-ID"]


@pytest.mark.parametrize("given", ["12345678", "a-b.c_D-0198c5a0", "x" * 64])
def test_a_sensible_id_of_the_caller_is_kept(client, given):
    assert client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "a b c d e f", "12345678\n", "<script>alert", "é" * 10]
)
def test_any_other_is_replaced(client, given):
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert UUID(answer["X-Request-ID"]).version == 7


def test_a_request_that_continues_a_trace_takes_its_id(client):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    told = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    assert client.get("/healthz", headers=told)["X-Request-ID"] == trace
    both = {**told, "X-Request-ID": "checkout-42"}
    assert client.get("/healthz", headers=both)["X-Request-ID"] == "checkout-42"


def test_each_request_has_an_id_of_its_own(client):
    assert client.get("/healthz")["X-Request-ID"] != client.get("/healthz")["X-Request-ID"]


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/events/nothing", "/docs", "/docs/nothing"])
def test_every_answer_has_safe_headers(client, path):
    answer = client.get(path)
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "no-store"


def test_the_gateway_is_left_what_it_says_itself(client, gateway):
    asked = {secret: client.get("/nowhere", headers={"X-Gateway-Secret": secret}) for secret in (SECRET, "x")}
    itself = {"X-Request-ID", *OF_GATEWAY}
    assert itself <= asked["x"].headers.keys()
    assert asked[SECRET].headers.keys() == asked["x"].headers.keys() - itself


def test_an_answer_that_is_no_page_may_load_nothing(client):
    assert client.get("/healthz")["Content-Security-Policy"].startswith("default-src 'none'")
    assert client.get("/docs")["Content-Security-Policy"].startswith("default-src 'self'")


def test_a_host_that_is_not_ours_is_refused(client, settings):
    settings.ALLOWED_HOSTS = ["tickets.example"]
    assert client.get("/healthz", headers={"Host": "tickets.example"}).status_code == 200
    answer = client.get("/healthz", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert "evil" not in answer.content.decode()


def counted():
    """The labels under which requests are counted."""
    (metric,) = (each for each in REGISTRY.collect() if each.name == "frontrow_requests")
    return {(sample.labels["route"], sample.labels["method"]) for sample in metric.samples}


def test_no_client_can_make_up_labels_of_our_metrics(client):
    client.get("/nowhere")
    client.generic("BREW", "/healthz")
    before = counted()
    for n in range(20):
        client.get(f"/nowhere/{n}?q={n}")
        client.get(f"/events/{n}")
        client.generic(f"METHOD{n}", "/healthz")
    assert counted() == before


def test_requests_are_counted_by_route_method_and_status(client):
    labels = {"route": "healthz", "method": "GET", "status": "200"}
    before = REGISTRY.get_sample_value("frontrow_requests_total", labels) or 0
    client.get("/healthz?x=1")
    assert REGISTRY.get_sample_value("frontrow_requests_total", labels) == before + 1


def test_a_request_in_flight_is_counted_until_it_is_answered(settings):
    seen = []

    def answer(request):
        seen.append(REGISTRY.get_sample_value("frontrow_requests_in_flight"))
        return HttpResponse()

    before = REGISTRY.get_sample_value("frontrow_requests_in_flight")
    request = RequestFactory().get("/")
    request.resolver_match = None
    RequestContext(answer)(request)
    assert seen == [before + 1]
    assert REGISTRY.get_sample_value("frontrow_requests_in_flight") == before
    assert REGISTRY.get_sample_value("frontrow_threads") == settings.ENVIRONMENT.threads


LONG = "Ä word, and another. " * 100


@pytest.mark.parametrize(
    ("kind", "takes", "packed"),
    [
        ("text/html; charset=utf-8", "gzip, br", True),
        ("application/json; charset=utf-8", "gzip", True),
        ("application/problem+json", "gzip", True),
        ("image/svg+xml", "gzip", True),
        ("text/css", "", False),
        ("text/html", "br", False),
        ("image/webp", "gzip", False),
        ("text/plain; version=0.0.4", "gzip", False),
        ("application/zip", "gzip", False),
    ],
)
def test_text_is_compressed_for_who_can_read_that(kind, takes, packed):
    answer = Packed(lambda request: HttpResponse(LONG, content_type=kind))(
        request(**{"Accept-Encoding": takes})
    )
    assert answer.has_header("Content-Encoding") is packed
    assert (gzip.decompress(answer.content) if packed else answer.content).decode() == LONG
