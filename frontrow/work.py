"""One working process: the background of its services, and an answer to those who ask how it is."""

import contextlib
import signal
import socket
import threading
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponseBase

from frontrow.chassis import work as background

LOOK = 1.0  # seconds between two looks at the threads
STOP_SECONDS = 12  # what a batch on its way to the broker takes at most, and a little


def work() -> bool:
    """Work until told to stop; whether we were. Else a part of it ended, and all of it is to start again."""
    stop = threading.Event()
    for order in (signal.SIGINT, signal.SIGTERM):
        signal.signal(order, lambda *_: stop.set())
    with _listener() as probes:
        threads = background.start(stop)
        asked = threading.Thread(target=probes.serve_forever, name="probes", daemon=True)
        asked.start()
        while all(thread.is_alive() for thread in [*threads, asked]) and not stop.wait(LOOK):
            pass
        told = stop.is_set()
        stop.set()
        for thread in threads:
            thread.join(STOP_SECONDS)
    return told


class _Probes(WSGIHandler):
    """Our own application, but only what operators ask."""

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        request.urlconf = "frontrow.chassis.probes"
        return super().get_response(request)


class _Quiet(WSGIRequestHandler):
    """Our application logs already; a client that stops talking keeps nobody waiting for long."""

    timeout = 5

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # a client that says nothing, or is gone
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        pass


def _listener() -> WSGIServer:
    environment = settings.ENVIRONMENT

    class Listener(WSGIServer):
        address_family = socket.AF_INET6 if ":" in environment.host else socket.AF_INET

    server = Listener((environment.host, environment.port), _Quiet)
    server.set_app(_Probes())
    return server
