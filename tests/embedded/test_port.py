"""The port is one Frontrow's: taken or free is found out before anything starts."""

import socket
import threading

import pytest

from frontrow.embedded import port
from frontrow.embedded.port import PortUnusable, reserved
from tests.embedded.system import free_port

HERE = "127.0.0.1"


@pytest.fixture
def listener():
    with socket.socket() as ours:
        ours.bind((HERE, 0))
        ours.listen()
        ours.settimeout(10)
        yield ours


def test_a_port_in_use_is_refused(listener):
    number = listener.getsockname()[1]
    with (
        pytest.raises(PortUnusable, match=rf"Port {number} of 127\.0\.0\.1 cannot be used"),
        reserved(HERE, number),
    ):
        pass


def test_a_host_that_is_not_ours_is_refused():
    with pytest.raises(PortUnusable, match="cannot be used"), reserved("192.0.2.1", free_port()):
        pass


def test_a_second_frontrow_is_refused_before_the_first_listens():
    number = free_port()
    with reserved(HERE, number), pytest.raises(PortUnusable), reserved(HERE, number):
        pass


def test_our_own_worker_may_listen_on_a_reserved_port_again_and_again():
    number = free_port()
    with reserved(HERE, number):
        for _ in range(2):
            with socket.socket() as worker:
                worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                worker.bind((HERE, number))
                worker.listen()
                with socket.create_connection((HERE, number), timeout=10) as caller:
                    accepted, _ = worker.accept()
                    accepted.close()
                    assert caller.recv(1) == b""
    with reserved(HERE, number):
        pass


@pytest.mark.parametrize(
    ("status", "ready"), [(b"200 OK", True), (b"503 Away", False), (b"400 Bad Host", True)]
)
def test_it_answers_unless_something_it_needs_is_away(listener, status, ready):
    def answer() -> None:
        caller, _ = listener.accept()
        caller.recv(1000)
        caller.sendall(b"HTTP/1.1 " + status + b"\r\n\r\n")
        caller.close()

    server = threading.Thread(target=answer)
    server.start()
    assert port.answers(*listener.getsockname()) is ready
    server.join(10)


def test_nobody_there_is_no_answer():
    assert port.answers(HERE, free_port()) is False
