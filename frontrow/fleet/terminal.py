"""`make services`: a fleet for the person at a terminal, until Ctrl-C."""

import contextlib
from pathlib import Path

from frontrow.embedded.orders import Orders, Stopped
from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import Wishes

LOOK = 1.0  # seconds between two looks


def run(folder: Path, host: str, port: int) -> None:
    """Start, supervise, and stop everything on SIGINT, SIGTERM or SIGHUP.

    Raises NotStarted, PortUnusable, PostgresError, OSError.
    """
    orders = Orders()
    orders.take()
    fleet = Fleet(folder, Wishes(host, port), orders.pause)
    with contextlib.suppress(Stopped):
        try:
            fleet.start()
            print(_greeting(fleet), flush=True)
            while True:
                fleet.ready()  # raises when the supervisor has failed
                orders.pause(LOOK)
        finally:
            fleet.stop()


def _greeting(fleet: Fleet) -> str:
    return "\n".join(
        [
            f"\nFrontrow's services are up: {fleet.address}  (the API: {fleet.address}/docs)",
            f"Prometheus: http://127.0.0.1:{fleet.port('prometheus')}"
            f"  Alertmanager: http://127.0.0.1:{fleet.port('alertmanager')}  logs: {fleet.folder / 'logs'}",
            "Ctrl-C stops them.",
        ]
    )
