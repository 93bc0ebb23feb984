"""The health check of the images: a program of its own, which costs little and tells alive from not."""

import http.server
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from tests.embedded.system import free_port


@contextmanager
def answering(status):
    """A server that answers /healthz with this status; yields its port."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def healthy(port, *options):
    command = [sys.executable, "-S", *options, "-m", "frontrow.healthy", str(port)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(("status", "told"), [(200, (0, "")), (503, (1, "503"))])
def test_it_tells_what_the_process_answers(status, told):
    with answering(status) as port:
        done = healthy(port)
    assert (done.returncode, told[1] in done.stderr) == (told[0], True)


def test_it_tells_that_nobody_answers():
    done = healthy(free_port())
    assert (done.returncode, "No answer on port" in done.stderr) == (1, True)


def test_a_process_that_is_stuck_is_not_alive():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = healthy(silent.getsockname()[1])
    assert (done.returncode, "No answer" in done.stderr) == (1, True)


def test_it_imports_nothing_that_takes_time():
    with answering(200) as port:
        imported = healthy(port, "-X", "importtime").stderr
    assert " socket\n" in imported
    slow = ("argparse", "http.client", "typing", "django", "pydantic", "granian", "frontrow.chassis")
    assert [name for name in slow if f" {name}\n" in imported] == []
