"""How often one client address may ask, and how slowly."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.embedded.system import wait
from tests.gateway.stage import PATIENCE, places
from tests.gateway.stage import gateway as a_gateway

RUSH = 256  # gateway.sh: bookings that a replica has in hand
DEFAULTS = {
    "GATEWAY_RATE": "",
    "GATEWAY_WRITE_RATE": "",
    "GATEWAY_SIGN_IN_RATE": "",
    "GATEWAY_HASH_RATE": "",
    "GATEWAY_CONNECTIONS": "",
}


def is_refused(gateway, method, path):
    """Whether a thousand such requests, one after another, are too many."""
    return any(gateway.ask(method, path).status == 429 for _ in range(1000))


def ended(connection):
    """Whether the other side ends it without a word."""
    try:
        return connection.recv(1000) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("POST", path) for path in ("/login", "/register", "/token/refresh", "/profile/password")),
        *(("POST", path) for path in ("/password/reset", "/email/confirm")),
        *(("POST", path) for path in ("/signin", "/signup", "/account/delete")),
        ("DELETE", "/profile"),
    ],
)
def test_signing_in_has_a_limit_of_its_own(services, method, path):
    with a_gateway(places(services), GATEWAY_SIGN_IN_RATE="1") as gateway:
        assert is_refused(gateway, method, path)
        assert {gateway.post("/bookings").status for _ in range(20)} == {200}


def test_to_look_at_the_page_for_signing_in_is_not_to_sign_in(services):
    with a_gateway(places(services), GATEWAY_SIGN_IN_RATE="1") as gateway:
        assert {gateway.get("/signin").status for _ in range(20)} == {200}


@pytest.mark.parametrize("path", ["/login", "/register", "/password/reset", "/signin", "/signup"])
def test_all_together_have_so_many_passwords_hashed(services, path):
    """Who comes too soon waits there, as long as few do; the next is refused."""
    with a_gateway(places(services), GATEWAY_HASH_RATE="1") as gateway, ThreadPoolExecutor(8) as clients:
        statuses = [answer.status for answer in clients.map(lambda _: gateway.ask("POST", path), range(8))]
        assert sorted(statuses)[:3] == [200] * 3
        assert 429 in statuses
        others = ("/token/refresh", "/logout", "/bookings")
        assert {gateway.ask("POST", other).status for other in others for _ in range(9)} == {200}


def test_a_page_brings_its_files_and_covers_with_it(services):
    files = [*(f"/static/web/{n}.css" for n in range(8)), *(f"/events/{n}/cover" for n in range(8))]
    with a_gateway(places(services), GATEWAY_RATE="1") as gateway:
        assert {gateway.get(path).status for path in ["/", *files]} == {200}
        assert is_refused(gateway, "GET", "/static/web/x.css")
        assert gateway.get("/e/x").status == 200


@pytest.mark.parametrize("path", ["/bookings", "/events"])
def test_writing_has_a_limit_of_its_own(services, path):
    with a_gateway(places(services), GATEWAY_WRITE_RATE="1") as gateway:
        for method in ("POST", "PUT", "DELETE"):
            assert is_refused(gateway, method, path)
        assert {gateway.get(path).status for _ in range(20)} == {200}


@pytest.mark.parametrize("path", ["/", "/e/x", "/bookings", "/events", "/found"])
def test_everything_has_a_limit(services, path):
    with a_gateway(places(services), GATEWAY_RATE="1") as gateway:
        assert is_refused(gateway, "GET", path)


def test_a_school_behind_one_address_gets_through(services):
    with a_gateway(places(services), **DEFAULTS) as gateway, ThreadPoolExecutor(50) as school:
        pages = [school.submit(gateway.get, f"/events/{n % 3}") for n in range(150)]
        sign_ins = [school.submit(gateway.post, "/login") for _ in range(30)]
        bookings = [school.submit(gateway.post, "/bookings") for _ in range(150)]
        assert {each.result().status for each in pages + sign_ins + bookings} == {200}


@pytest.mark.parametrize(("service", "path"), [("bookings", "/bookings"), ("web", "/"), ("web", "/e/x")])
def test_one_address_has_so_many_requests_in_hand_and_no_more(services, service, path):
    gate, asked = threading.Event(), services[service].asked
    services[service].reply = lambda asked: gate.wait(PATIENCE) and (200, {}, b"")
    with a_gateway(places(services), GATEWAY_CONNECTIONS="2") as gateway, ThreadPoolExecutor(2) as pool:
        two = [pool.submit(gateway.post, path) for _ in range(2)]
        wait(PATIENCE, lambda: len(asked) == 2, "both are in hand")
        assert gateway.get(path).status == 429
        gate.set()
        assert [each.result().status for each in two] == [200, 200]
        assert gateway.get(path).status == 200


def test_who_sends_too_slowly_is_cut_off(gateway, services):
    head = b"POST /bookings HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
    with (
        socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as in_headers,
        socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as in_body,
    ):
        in_headers.sendall(head)
        in_body.sendall(head + b"\r\nhalf")
        assert [ended(in_headers), ended(in_body)] == [True, True]
    assert services["bookings"].asked == []


def test_in_a_rush_who_would_wait_too_long_is_told_when_to_come_again(gateway, services):
    bookings, free = services["bookings"], threading.Event()

    def reply(asked):
        free.wait(PATIENCE)
        return 201, {}, b"{}"

    bookings.reply = reply
    with ExitStack() as rush:
        for _ in range(RUSH):
            one = rush.enter_context(socket.create_connection(("127.0.0.1", gateway.port), PATIENCE))
            one.sendall(b"POST /bookings HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        wait(PATIENCE, lambda: len(bookings.asked) == RUSH, "all of them are in hand")
        refused = gateway.post("/bookings")
        assert (refused.status, refused.headers["Retry-After"], len(bookings.asked)) == (503, "2", RUSH)
        assert gateway.get("/events").status == 200
        free.set()
        assert one.recv(100).startswith(b"HTTP/1.1 201")
        wait(PATIENCE, lambda: gateway.post("/bookings").status == 201, "there is room again")
        assert "no live upstreams" not in gateway.said()
