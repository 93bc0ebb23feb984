"""A working process answers those who ask how it is, whoever else is connected."""

import socket
import threading

import httpx
import pytest

from frontrow import work
from tests.embedded.system import free_port


@pytest.fixture
def port(settings, monkeypatch):
    port = free_port()
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"port": port})
    monkeypatch.setattr(work._Quiet, "timeout", 0.1)
    with work._listener() as probes:
        asked = threading.Thread(target=probes.serve_forever, args=(0.05,))
        asked.start()
        yield port
        probes.shutdown()
        asked.join()


def test_it_tells_operators_only(port):
    assert httpx.get(f"http://127.0.0.1:{port}/healthz").json() == {"status": "alive"}
    assert "frontrow_" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
    assert httpx.get(f"http://127.0.0.1:{port}/events").status_code == 404


def test_who_says_nothing_is_let_go_and_is_no_fault(port, capfd):
    with socket.create_connection(("127.0.0.1", port)) as silent:
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=30).status_code == 200
        assert silent.recv(1) == b""
    assert "Traceback" not in capfd.readouterr().err
