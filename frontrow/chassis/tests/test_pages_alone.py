"""The pages as a process of their own: no database, no background, and no operators' site."""

import os
import subprocess
import sys

import httpx
import pytest

from frontrow.chassis.environment import Environment
from tests.embedded.system import free_port, wait
from tests.house.tree import ROOT

PATIENCE = 60  # seconds; only a failure takes them


def environment(**settings):
    """An environment with nothing of ours in it but these."""
    names = {name.upper() for name in Environment.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    return {**inherited, "SERVICES": "web", "SECRET_KEY": "x" * 32, "LOG_LEVEL": "ERROR", **settings}


@pytest.fixture(scope="module")
def pages():
    """Their address; no service is anywhere."""
    port = free_port()
    away = {
        f"{name.upper()}": f"http://127.0.0.1:{free_port()}"
        for name in Environment.model_fields
        if name.endswith("_url") and name.split("_")[0] in ("users", "events", "reviews")
    }
    serve = [sys.executable, "-m", "frontrow", "serve"]
    with subprocess.Popen(serve, cwd=ROOT, env=environment(PORT=str(port), **away)) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            wait(PATIENCE, lambda: answers(address), "they answer")
            yield address
        finally:
            server.terminate()


def answers(address):
    try:
        return httpx.get(f"{address}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_they_are_ready_by_themselves(pages):
    answer = httpx.get(f"{pages}/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "services": ["web"], "checks": {"cache": "ready"}}


def test_they_say_so_in_a_page_when_a_service_is_away(pages):
    answer = httpx.get(f"{pages}/e/01990000-0000-7000-8000-000000000000", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert httpx.get(f"{pages}/signin").status_code == 200


@pytest.mark.parametrize("path", ["/admin/", "/events", "/docs", "/docs/users", "/internal/readyz"])
def test_what_services_have_is_not_there(pages, path):
    assert httpx.get(pages + path).status_code == 404


@pytest.mark.parametrize("command", [["migrate"], ["work"], ["dead-letters"]])
def test_what_needs_a_database_is_refused_in_one_sentence(command):
    done = subprocess.run(
        [sys.executable, "-m", "frontrow", *command], cwd=ROOT, env=environment(), capture_output=True,
        text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "SERVICES=web has no database and no background work: it only serves.\n"
