"""One serving process: Granian with one worker and a few threads."""

import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from frontrow.embedded.processes import follow

if TYPE_CHECKING:
    from django.core.handlers.wsgi import WSGIHandler

    from frontrow.chassis.environment import Environment

STOP_SECONDS = 3  # kept-alive connections are not waited for any longer


def serve(environment: "Environment") -> None:
    """Become the server. A fresh program, so that it holds no more than Granian in memory."""
    words = [environment.host, str(environment.port), str(environment.threads)]
    os.execv(sys.executable, [sys.executable, "-m", "frontrow.serve", *words])  # noqa: S606


def main(host: str, port: str, threads: str) -> None:
    """Serve until told to stop, or until the worker fails: then whoever started us starts us again.

    Granian's own respawning would be a second supervisor, which neither logs nor waits.
    """
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "frontrow.serve:application",
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


def application() -> "WSGIHandler":
    """The application of a worker, with the background work beside it where that is asked for.

    The worker ends at once when its server was killed: nobody else would end it.
    """
    server = multiprocessing.parent_process()
    if server and server.pid:
        follow(server.pid, signal.SIGKILL)
    from django.conf import settings

    from frontrow.wsgi import application as wsgi

    if settings.ENVIRONMENT.work_in_process:
        from frontrow.chassis import work

        work.start(threading.Event())
    return wsgi


if __name__ == "__main__":
    main(*sys.argv[1:])
