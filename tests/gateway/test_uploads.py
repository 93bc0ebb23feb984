"""Covers are larger than anything else: they pass, few at a time, and a slow client keeps no service waiting."""

import os
import socket
from contextlib import ExitStack, contextmanager

import pytest

from frontrow.services.events import image
from tests.embedded.system import wait
from tests.gateway.stage import PATIENCE

MOST = image.MOST_BYTES
COVER = "/events/01990000-0000-7000-8000-000000000000/cover"
UPLOADS = [("PUT", COVER, "events", MOST), ("POST", "/organize/new", "web", MOST + 2**20)]  # a form around it


@contextmanager
def slow_upload(gateway, method, path, *body):
    """An upload that the gateway has in hand, as it says itself, and that never goes on."""
    with socket.create_connection(("127.0.0.1", gateway.port), PATIENCE) as upload:
        lines = (f"{method} {path} HTTP/1.1", "Host: x", "Expect: 100-continue", *body)
        upload.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        assert upload.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        yield upload


@pytest.mark.parametrize(("method", "path", "service", "most"), UPLOADS)
def test_a_cover_arrives_whole_and_none_larger_than_ten_megabytes(
    gateway, services, method, path, service, most
):
    cover = os.urandom(most)
    assert gateway.ask(method, path, cover).status == 200
    assert services[service].asked[-1].body == cover
    assert gateway.ask(method, path, cover + b"x").status == 413
    assert len(services[service].asked) == 1


@pytest.mark.parametrize(("method", "path"), [("POST", "/e/x"), ("PUT", "/events/x"), ("POST", "/signin")])
def test_elsewhere_bodies_are_small(gateway, method, path):
    assert gateway.ask(method, path, b"x" * 262_144).status == 200
    assert gateway.ask(method, path, b"x" * 262_145).status == 413


def test_while_some_upload_slowly_no_service_waits_and_small_forms_pass(gateway, services):
    with ExitStack() as slow:
        uploads = [
            slow.enter_context(slow_upload(gateway, "POST", "/organize/new", "Content-Length: 1000000"))
            for _ in range(2)
        ]
        assert gateway.ask("PUT", COVER, b"x" * 400_000).status == 429
        assert services["web"].asked == []
        assert gateway.post("/organize/new", b"title=x").status == 200
        uploads[0].sendall(b"x" * 1_000_000)
        assert uploads[0].recv(100).startswith(b"HTTP/1.1 200")
    wait(PATIENCE, lambda: gateway.ask("PUT", COVER, b"x" * 400_000).status == 200, "they are gone")


def test_what_does_not_say_how_long_it_is_counts_as_large(gateway, services):
    with ExitStack() as slow:
        for _ in range(2):
            slow.enter_context(slow_upload(gateway, "PUT", COVER, "Transfer-Encoding: chunked"))
        assert gateway.ask("PUT", COVER, b"x" * 400_000).status == 429
