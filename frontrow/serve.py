"""One serving process: Granian with one worker and a few threads."""

import os
import signal
import threading
import time
from pathlib import Path

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from granian import Granian
from granian.constants import Interfaces

from frontrow.chassis.environment import Environment

STOP_SECONDS = 3  # kept-alive connections are not waited for any longer


def serve(environment: Environment, follow: bool) -> None:
    """Serve until told to stop. With `follow`, also stop when the process that started us is gone."""
    server = Granian(
        "frontrow.serve:application",
        address=environment.host,
        port=environment.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=environment.threads,
        backlog=2048,
        websockets=False,
        working_dir=Path(__file__).parent.parent,
        workers_kill_timeout=STOP_SECONDS,
        respawn_failed_workers=True,
        log_enabled=False,
        factory=True,
    )
    if follow:
        follow_parent()
    server.serve()


def application() -> WSGIHandler:
    """The application of a worker, with the background work beside it where that is asked for.

    The worker ends with its server, also when that is killed.
    """
    follow_parent()
    from frontrow.wsgi import application as wsgi

    if settings.ENVIRONMENT.work_in_process:
        from frontrow.chassis import work

        work.start(threading.Event())
    return wsgi


def follow_parent() -> None:
    """End this process, cleanly, when the one that started it is gone."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()
