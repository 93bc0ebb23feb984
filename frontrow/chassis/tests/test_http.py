"""Asking another service, and the traps of asking one in the same process."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

import httpx
import pytest
from django.db import connection, transaction
from django.http import JsonResponse
from django.urls import path
from django.utils import timezone, translation
from structlog.contextvars import bind_contextvars, bound_contextvars

from frontrow.chassis import http
from frontrow.chassis.middleware import request_id
from frontrow.chassis.refusals import Unavailable


def told(request):
    """A view that changes everything a request may change, and tells what it saw."""
    seen = {"language": translation.get_language(), "request_id": request_id()}
    translation.activate("de")
    timezone.activate(ZoneInfo("Asia/Tokyo"))
    bind_contextvars(request_id="another")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        seen["backend"] = cursor.fetchone()[0]
    return JsonResponse(seen)


def broken(request):
    raise RuntimeError("a bug")


urlpatterns = [path("told", told), path("broken", broken)]


@pytest.fixture(autouse=True)
def _fresh_clients():
    http._client.cache_clear()
    yield
    http._client.cache_clear()


@pytest.fixture
def here(settings):
    settings.ROOT_URLCONF = __name__


@pytest.mark.django_db(transaction=True)
class TestWithinTheProcess:
    pytestmark = pytest.mark.usefixtures("here")

    def test_the_callers_language_and_time_zone_stay(self):
        with translation.override("fr"), timezone.override(ZoneInfo("Europe/Paris")):
            http.ask("events", "GET", "/told")
            assert translation.get_language() == "fr"
            assert timezone.get_current_timezone_name() == "Europe/Paris"

    def test_the_request_id_is_handed_on_and_stays(self):
        with bound_contextvars(request_id="the-very-request"):
            assert http.ask("events", "GET", "/told").json()["request_id"] == "the-very-request"
            assert request_id() == "the-very-request"

    def test_the_callers_database_connection_is_shared_and_stays_open(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            mine = cursor.fetchone()[0]
        assert http.ask("events", "GET", "/told").json()["backend"] == mine
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            assert cursor.fetchone()[0] == mine

    def test_no_service_is_asked_inside_a_transaction(self):
        with transaction.atomic(), pytest.raises(transaction.TransactionManagementError, match="GET /told"):
            http.ask("events", "GET", "/told")

    def test_a_fault_of_the_other_is_unavailable_here(self):
        with pytest.raises(Unavailable):
            http.ask("events", "POST", "/broken")


class Server:
    """A real service over the network that behaves as told: a list of statuses, then 200."""

    def __init__(self, *statuses):
        self.statuses, self.seen = list(statuses), []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                outer.seen.append((self.command, self.headers))
                status = outer.statuses.pop(0) if outer.statuses else 200
                if status == "slow":
                    outer.released.wait(20)
                    status = 200
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_PUT = do_POST = answer  # noqa: N815, the library's names

            def log_message(self, *_):
                pass

        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def over_there(settings):
    servers = []

    def start(*statuses, **changes):
        servers.append(Server(*statuses))
        changes = {"events_url": servers[-1].address, **changes}
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changes)
        return servers[-1]

    yield start
    for server in servers:
        server.close()


class TestOverTheNetwork:
    def test_a_safe_call_is_tried_again(self, over_there):
        server = over_there(503, 500)
        assert http.ask("events", "GET", "/x").status_code == 200
        assert len(server.seen) == 3

    def test_but_not_for_ever(self, over_there):
        server = over_there(503, 503, 503, 503)
        with pytest.raises(Unavailable):
            http.ask("events", "GET", "/x")
        assert len(server.seen) == 3

    @pytest.mark.parametrize("method", ["PUT", "POST"])
    def test_a_call_that_changes_something_is_not_tried_again(self, over_there, method):
        server = over_there(503)
        with pytest.raises(Unavailable):
            http.ask("events", method, "/x", json={})
        assert len(server.seen) == 1

    def test_a_refusal_is_an_answer(self, over_there):
        server = over_there(409)
        assert http.ask("events", "GET", "/x").status_code == 409
        assert len(server.seen) == 1

    def test_a_service_that_does_not_answer_in_time_is_unavailable(self, over_there):
        over_there("slow", "slow", "slow", call_seconds=0.1)
        with pytest.raises(Unavailable):
            http.ask("events", "GET", "/x")

    def test_a_service_that_is_not_there_is_unavailable(self, over_there):
        server = over_there()
        server.close()
        with pytest.raises(Unavailable):
            http.ask("events", "GET", "/x")

    def test_the_request_id_and_our_secret_go_along(self, over_there, settings):
        server = over_there()
        with bound_contextvars(request_id="the-very-request"):
            http.ask("events", "GET", "/x")
        headers = server.seen[0][1]
        assert headers["X-Request-ID"] == "the-very-request"
        assert headers[http.INTERNAL_HEADER] == settings.ENVIRONMENT.derived_secret("internal")

    def test_time_is_limited(self, over_there):
        over_there(call_seconds=1.5)
        assert http._client("events").timeout == httpx.Timeout(1.5)
