"""RabbitMQ as the fleet runs it, alone: to be stopped, killed and frozen."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import Wishes
from tests.embedded.system import free_port


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


class Rabbit:
    """A broker, from its first start until the end of the block."""

    def __init__(self, folder: Path):
        self.fleet = Fleet(folder / "data", Wishes(port=free_port()))

    def __enter__(self) -> "Rabbit":
        return self

    def __exit__(self, *_: object) -> None:
        self.fleet.stop()

    @property
    def url(self) -> str:
        port, password = self.fleet.port("rabbitmq"), self.fleet._ground.secret("rabbitmq_password")
        return f"amqp://frontrow:{password}@127.0.0.1:{port}//"

    def start(self) -> None:
        """Return when it takes connections; it may run already."""
        self.fleet.start("epmd", "rabbitmq")

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self.fleet.stop("rabbitmq")

    def kill(self) -> None:
        """End it at once."""
        for pid in self.fleet.pids("rabbitmq"):
            with contextlib.suppress(ProcessLookupError):  # it ended with the one before it
                os.kill(pid, signal.SIGKILL)
        self.stop()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Within the block its connections stand, and nobody answers."""
        pids = self.fleet.pids("rabbitmq")
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        while not all(_is_stopped(pid) for pid in pids):
            time.sleep(0.01)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
