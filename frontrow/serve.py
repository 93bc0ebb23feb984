"""One serving process: Granian with one worker and a few threads, or a fast door with its own server."""

import gc
import logging
import multiprocessing
import os
import pkgutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from frontrow import courtesy
from frontrow.embedded.processes import follow

if TYPE_CHECKING:
    from django.core.handlers.wsgi import WSGIHandler

    from frontrow.chassis.environment import Environment
    from frontrow.chassis.fast_door import FastDoor

STOP_SECONDS = 3  # kept-alive connections are not waited for any longer
FAST = {  # services that have a fast door, where they run alone
    "bookings": "frontrow.services.bookings.door:BookingsDoor",
    "payments": "frontrow.services.payments.door:PaymentsDoor",
}
YOUNG = 10_000  # objects between two looks for cycles: our requests leave none


def serve(environment: "Environment") -> None:
    """Become the server. A fresh program, so that it holds no more than Granian in memory."""
    alone = environment.services[0] if len(environment.services) == 1 else ""
    door = "fast" if alone in FAST else "application"
    if alone == "users":
        courtesy.step_back(courtesy.SIGN_IN)
    words = [environment.host, str(environment.port), str(environment.threads), door]
    os.execv(sys.executable, [sys.executable, "-m", "frontrow.serve", *words])  # noqa: S606


def main(host: str, port: str, threads: str, door: str) -> None:
    """Serve until told to stop, or until the worker fails: then whoever started us starts us again.

    Granian's own respawning would be a second supervisor, which neither logs nor waits.
    """
    if door == "fast":
        serve_fast(fast(), host, int(port))
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        f"frontrow.serve:{door}",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=int(threads),
        backlog=2048,
        websockets=False,
        working_dir=Path(__file__).parent.parent,
        workers_kill_timeout=STOP_SECONDS,
        log_enabled=False,
        factory=True,
    ).serve()


def serve_fast(door: "FastDoor", host: str, port: int) -> NoReturn:
    """Serve by a fast door, in this process, until told to stop."""
    from frontrow.chassis import server

    status = 1
    try:
        server.run(door, host, port)
        status = 0
    except Exception:
        logging.getLogger(__name__).exception("the server failed")
    os._exit(status)  # without a wait for threads that work for nobody any more


def fast() -> "FastDoor":
    """The fast door of a service that runs alone, whose busiest path needs no Django."""
    from frontrow.wsgi import application  # noqa: F401, which sets Django up

    _work_too()
    from django.conf import settings

    door: FastDoor = pkgutil.resolve_name(FAST[settings.ENVIRONMENT.services[0]])()
    _settle()
    return door


def application() -> "WSGIHandler":
    """The application of a worker, with the background work beside it where that is asked for."""
    _end_with_server()
    from frontrow.wsgi import application as wsgi

    _work_too()
    _settle()
    return wsgi


def _end_with_server() -> None:
    """The worker ends at once when its server was killed: nobody else would end it."""
    server = multiprocessing.parent_process()
    if server and server.pid:
        follow(server.pid, signal.SIGKILL)


def _settle() -> None:
    """What is there now stays, and the collector of cycles need not look at it while requests come and go."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)


def _work_too() -> None:
    from django.conf import settings

    if settings.ENVIRONMENT.work_in_process:
        from frontrow.chassis import work

        work.start(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
