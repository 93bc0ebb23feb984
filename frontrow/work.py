"""One working process: the background of its services, and an answer to those who ask how it is."""

import contextlib
import signal
import socket
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponseBase

from frontrow import courtesy
from frontrow.chassis import work as background

LOOK = 0.2  # seconds between two looks at the threads, and at whether we are to stop
STOP_SECONDS = 12  # for all of them: what a batch on its way to the broker takes at most, and a little


def work() -> bool:
    """Work until told to stop; whether we were. Else a part of it ended, and all of it is to start again."""
    courtesy.step_back(courtesy.of_work(settings.ENVIRONMENT.services, settings.ENVIRONMENT.work_nice))
    stop, orders = threading.Event(), []
    for order in (signal.SIGINT, signal.SIGTERM):  # only noted: an event may be just being waited for
        signal.signal(order, lambda number, _: orders.append(number))
    with _listener() as probes:
        threads = background.start(stop)
        asked = threading.Thread(target=probes.serve_forever, name="probes", daemon=True)
        asked.start()
        while not orders and all(thread.is_alive() for thread in [*threads, asked]):
            time.sleep(LOOK)
        stop.set()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
    return bool(orders)


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
