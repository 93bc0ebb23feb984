"""Whether the whole installation is ready, asked of one of its processes."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import OperationalError, connection
from pydantic import SecretStr

from frontrow.chassis import http
from frontrow.chassis.environment import SERVICES
from tests.embedded.system import free_port

from .test_health import struck

pytestmark = pytest.mark.django_db
GATEWAY = "g" * 32
ALL = (*SERVICES, "web")
READY = dict.fromkeys(ALL, "ready")


@pytest.fixture
def configure(settings):
    """Change settings for one test; calls to other services go to their addresses anew."""

    def change(**changes):
        http._client.cache_clear()
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changes)

    yield change
    http._client.cache_clear()


@pytest.fixture
def asked(client, settings):
    """Ask as another of our services does; the answer's status and the state of each service."""

    def ask():
        secret = settings.ENVIRONMENT.derived_secret("internal")
        answer = client.get("/internal/readyz", headers={http.INTERNAL_HEADER: secret})
        body = answer.json()
        assert body["status"] == ("ready" if answer.status_code == 200 else "away")
        return answer.status_code, body["services"]

    return ask


@pytest.fixture
def service():
    """Let a process answer /readyz with this status and body, or be silent; its address."""
    servers, end = [], threading.Event()

    def start(status=200, body=b"", silent=False):
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                if silent:
                    end.wait(60)
                self.send_response(status if self.path == "/readyz" else 404)
                self.end_headers()
                self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

            def log_message(self, *_):
                """Nobody reads it."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    end.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def test_with_all_services_here_all_are_ready(asked):
    assert asked() == (200, READY)


def test_without_their_database_none_is(asked):
    with connection.execute_wrapper(struck(OperationalError("gone"))):
        assert asked() == (503, dict.fromkeys(ALL, "away"))


def test_services_elsewhere_are_asked(asked, configure, settings, service):
    settings.SERVICES = ["users", "events", "bookings", "payments"]
    configure(notifications_url=service(body={"services": ["notifications"]}),
              reviews_url=service(body={"services": ["users", "reviews"]}))  # fmt: skip
    assert asked() == (200, READY)


def test_the_pages_elsewhere_are_asked_too(asked, configure, settings, service):
    settings.PAGES = False
    configure(web_url=service(body={"services": ["web"]}))
    assert asked() == (200, READY)
    configure(web_url=f"http://127.0.0.1:{free_port()}")
    assert asked() == (503, {**READY, "web": "away"})


def test_an_installation_may_be_without_pages(asked, settings):
    settings.PAGES = False
    assert asked() == (200, dict.fromkeys(SERVICES, "ready"))


@pytest.mark.parametrize(
    "broken",
    [
        {"status": 503, "body": {"services": ["reviews"]}},
        {"status": 404, "body": {"services": ["reviews"]}},
        {"body": {"services": ["users"]}},  # another of ours at this address
        {"body": b"<html>"},
        {"body": []},
        {"body": {"services": None}},
        {"silent": True},
    ],
    ids=str,
)
def test_one_that_is_not_ready_is_named(asked, configure, settings, service, broken):
    settings.SERVICES = [name for name in SERVICES if name != "reviews"]
    configure(reviews_url=service(**broken))
    assert asked() == (503, {**READY, "reviews": "away"})


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}", "http://nowhere.invalid", "in-process"])
def test_one_that_cannot_be_reached_is_named(asked, configure, settings, address):
    settings.SERVICES = [name for name in SERVICES if name != "users"]
    configure(users_url=address.format(port=free_port()))
    assert asked() == (503, {**READY, "users": "away"})


@pytest.mark.parametrize(
    "headers",
    [{}, {http.INTERNAL_HEADER: "guess"}, {"X-Gateway-Secret": "guess"}, {"X-Gateway-Secret": ""}],
    ids=str,
)
def test_for_others_it_does_not_exist(client, configure, headers):
    configure(gateway_secret=SecretStr(GATEWAY))
    answer = client.get("/internal/readyz", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_persons_token_does_not_help(ada):
    assert ada.get("/internal/readyz")[0] == 404


def test_the_gateway_may_ask(client, configure):
    configure(gateway_secret=SecretStr(GATEWAY))
    assert client.get("/internal/readyz", headers={"X-Gateway-Secret": GATEWAY}).status_code == 200


def test_without_a_gateways_secret_no_gateway_may(client):
    assert client.get("/internal/readyz", headers={"X-Gateway-Secret": ""}).status_code == 404
