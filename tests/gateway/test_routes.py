"""Every path of the contracts leads to its service; what is for the inside is not there at all."""

import json
import re
from pathlib import Path

import pytest

from tests.gateway.stage import SECRET, SERVICES

CONTRACTS = sorted((Path(__file__).parents[2] / "contracts" / "http").glob("*.json"))
ID = "01990000-0000-7000-8000-000000000000"
CALLS = [
    (path.stem, method.upper(), re.sub(r"{\w+}", ID, route))
    for path in CONTRACTS
    for route, item in json.loads(path.read_text())["paths"].items()
    for method in item
]
HIDDEN = [
    "/metrics", "/metrics/", "/metrics?x=1", "/Metrics", "/METRICS", "//metrics", "/./metrics", "/x/../metrics",
    "/events/../metrics", "/events/..%2fmetrics", "/events/%2e%2e/metrics", "/%6detrics", "/%6Detrics", "/metrics%20",
    "/metrics%2f", "/metrics;x", "/metrics%3b", "/%2e/metrics", "/metrics/.", "/%256detrics",
    "/admin", "/admin/", "/admin/login/", "/Admin/", "//admin/", "/%61dmin/", "/events/../admin/", "/admin/%2e%2e/admin/",
    "/internal", "/internal/", "/internal/readyz", "/INTERNAL/readyz", "//internal/readyz", "/%69nternal/readyz",
    "/internal//readyz", "/events/..;/internal/readyz", "/docs/../internal/readyz", "/static/../internal/readyz",
    "/openapi/..\\internal/readyz", "/readyz/../internal/readyz", "/-/problem", "/-/page", "/-/", "/healthz/", "/readyz/x",
]  # fmt: skip
# nginx reads these as paths of ours, and a service would read them as others.
DOUBTFUL = [
    "/internal/../events", "/internal/readyz/../../events", "/admin/../bookings", "//events", "/events//x",
    "/internal/%2e%2e/events", "/internal%2f..%2fevents", "/events/.", "/events/..%5cadmin", "/events;/admin",
]  # fmt: skip


def asked(services):
    return {name: service.asked for name, service in services.items() if service.asked}


def test_the_contracts_are_of_all_services():
    assert {service for service, _, _ in CALLS} == set(SERVICES)


@pytest.mark.parametrize(("service", "method", "path"), CALLS)
def test_a_call_of_the_contracts_leads_to_its_service(gateway, services, service, method, path):
    answer = gateway.ask(method, path + "?x=a%20b", Authorization="Bearer x")
    assert (answer.status, answer.body) == (200, service.encode())
    assert list(asked(services)) == [service]
    (request,) = services[service].asked
    assert (request.method, request.path) == (method, path + "?x=a%20b")


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/sandbox/ch_1", "payments"),
        ("/stripe/x:y", "payments"),
        ("/webhooks/stripe", "payments"),
        *((f"/openapi/{name}.json", name) for name in SERVICES),
        *((f"/docs/{name}", name) for name in SERVICES),
        *((f"/static/{name}/some.css", name) for name in SERVICES),
        ("/static/web/some.css", "web"),
        ("/static/django_htmx/some.js", "web"),
    ],
)
def test_what_else_a_service_shows_leads_there(gateway, services, path, service):
    assert gateway.get(path).body == service.encode()
    assert list(asked(services)) == [service]


@pytest.mark.parametrize("path", ["/docs", "/static/chassis/docs.css"])
def test_what_every_service_has_is_asked_of_any(gateway, services, path):
    for _ in range(60):
        assert gateway.get(path).status == 200
    assert set(asked(services)) == set(SERVICES)


def test_readiness_is_asked_of_any_service_with_the_secret(gateway, services):
    assert gateway.get("/readyz").status == 200
    ((request,),) = asked(services).values()
    assert (request.path, request.headers["X-Gateway-Secret"]) == ("/internal/readyz", SECRET)


def test_the_gateway_says_itself_that_it_lives(gateway, services):
    assert gateway.get("/healthz").json == {"status": "alive"}
    assert asked(services) == {}


@pytest.mark.parametrize("path", HIDDEN)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_for_the_inside_is_not_there(gateway, services, path, method):
    answer = gateway.ask(method, path)
    assert answer.status == 404
    assert answer.json["code"] == "not_found"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert asked(services) == {}


@pytest.mark.parametrize(
    "path", ["/../metrics", "/events/../../metrics", "/static/..%2f..%2finternal/readyz"]
)
def test_a_path_that_leads_out_of_the_root_is_a_bad_request(gateway, services, path):
    assert gateway.get(path).json["code"] == "bad_request"
    assert asked(services) == {}


@pytest.mark.parametrize("path", DOUBTFUL)
def test_a_path_that_two_may_read_differently_is_read_by_none(gateway, services, path):
    assert gateway.get(path).json["code"] == "not_found"
    assert asked(services) == {}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        f"/e/{ID}/clara?lang=de",
        "/signin",
        "/my/bookings",
        "/organize",
        f"/organize/{ID}",
        "/robots.txt",
        "/eventsx",
        "/Events",
        "/loginx",
        "/login/x",
        "/token",
        "/favicon.ico",
        "/x.json",
        "/static",
    ],
)
def test_whatever_is_not_the_services_is_a_page(gateway, services, path):
    assert gateway.get(path).body == b"web"
    assert list(asked(services)) == ["web"]


def test_an_absolute_address_is_read_like_any_other(gateway, services):
    assert gateway.get("http://elsewhere/metrics").status == 404
    assert gateway.get("http://elsewhere/events").body == b"events"


def test_a_query_may_hold_what_a_path_may_not(gateway, services):
    path = "/bookings?back=/../x//y;z&q=100%25%2F"
    assert gateway.get(path).status == 200
    assert services["bookings"].asked[0].path == path


def test_the_status_port_tells_numbers_to_the_inside(gateway):
    answer = gateway.ask("GET", "/stub_status", port=gateway.status_port)
    assert re.match(rb"Active connections: \d+", answer.body)
    assert gateway.ask("GET", "/events", port=gateway.status_port).json["code"] == "not_found"
    assert gateway.get("/stub_status").body == b"web"  # which has no such page
