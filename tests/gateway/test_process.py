"""The gateway as a process: it stops gently, leaves nothing behind, and ends loudly when nginx does."""

import os
import pwd
import re
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.embedded.system import descendants, wait
from tests.gateway import stage
from tests.gateway.stage import PATIENCE, SCRIPT, places
from tests.gateway.stage import gateway as a_gateway

NOBODY = pwd.getpwnam("nobody").pw_uid


def owner(process):
    return os.stat(f"/proc/{process.pid}").st_uid


def masters(gateway):
    return [p for p in descendants(gateway.process.pid) if p.command.startswith("nginx: master")]


def refuses(gateway):
    try:
        gateway.get("/nowhere")
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it waited to be let in when the door was closed
        pass
    return False


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_it_answers_what_it_has_in_hand_and_then_ends(services, order):
    arrived, gate = threading.Event(), threading.Event()

    def slow(asked):
        arrived.set()
        return gate.wait(PATIENCE) and (201, {}, b"booked")

    services["bookings"].reply = slow
    with a_gateway(places(services)) as gateway, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(gateway.post, "/bookings")
        assert arrived.wait(PATIENCE)
        left = descendants(gateway.process.pid)
        gateway.process.send_signal(order)
        wait(PATIENCE, lambda: refuses(gateway), "nobody else is let in")
        gate.set()
        assert (answer.result().status, answer.result().body) == (201, b"booked")
        assert gateway.process.wait(PATIENCE) == 0
        wait(PATIENCE, lambda: not any(process.lives for process in left), "nothing is left")


def test_it_ends_loudly_when_nginx_does(services):
    with a_gateway(places(services)) as gateway:
        (master,) = masters(gateway)
        left = descendants(gateway.process.pid)
        master.send(signal.SIGKILL)
        assert gateway.process.wait(PATIENCE) == 1
        assert "nginx ended by itself" in gateway.said()
        for process in left:
            process.send(signal.SIGKILL)  # workers of a killed master


def test_nginx_does_not_outlive_it(services):
    with a_gateway(places(services)) as gateway:
        left = descendants(gateway.process.pid)
        gateway.process.kill()
        wait(PATIENCE, lambda: not any(process.lives for process in left), "nothing is left")


def test_a_port_that_is_taken_ends_it(gateway):
    second = stage.Gateway({"GATEWAY_PORT": str(gateway.port)})
    assert second.process.wait(PATIENCE) == 1
    assert "Address already in use" in second.said()
    second.end()


def test_it_needs_no_rights_and_writes_nowhere_else(services):
    """As an ordinary user, who may write to the run folder alone."""
    user = "nobody" if os.geteuid() == 0 else None
    with a_gateway(places(services), user=user) as gateway:
        assert gateway.post("/bookings", b"x" * 200_000).status == 200
        services["bookings"].reply = lambda asked: (200, {}, os.urandom(2_000_000))
        assert len(gateway.get("/bookings").body) == 2_000_000
        assert gateway.get("/events").headers["X-Cache-Status"] == "MISS"
        (master,) = masters(gateway)
        assert owner(master) == gateway.run.stat().st_uid == (NOBODY if user else os.geteuid())


def test_root_only_opens_the_doors(gateway):
    (master,) = masters(gateway)
    workers = [process for process in descendants(master.pid) if "worker" in process.command]
    assert {owner(worker) for worker in workers} == {os.geteuid() or NOBODY}


def test_its_settings_are_for_nobody_else_to_read(gateway):
    assert (gateway.run / "http.conf").stat().st_mode & 0o077 == 0


def test_its_head_tells_every_setting():
    head, _, script = SCRIPT.read_text().partition("set -eu")
    settings = set(re.findall(r"\b(?:GATEWAY_[A-Z_]+|PUBLIC_URL)\b", script))
    assert len(settings) > 10
    assert settings - set(re.findall(r"[A-Z_]+", head)) == set()
