"""Real servers for tests: the distribution's programs on ports and in folders of their own."""

import signal
import subprocess
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from frontrow.embedded.processes import follower
from tests.embedded.system import free_port, wait

SECONDS = 30  # to start or stop, on a busy machine


class Redis:
    """A Redis with a password that keeps nothing on disk."""

    password = "hunter2"

    def __init__(self, folder: Path):
        self.folder, self.port = folder, free_port()
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        self.client: Any = redis.Redis(
            port=self.port, password=self.password, socket_timeout=SECONDS, retry=Retry(NoBackoff(), 0)
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers; with nothing in it."""
        if self.process is None:
            options = {
                "port": self.port, "bind": "127.0.0.1", "dir": self.folder, "save": "", "appendonly": "no",
                "requirepass": self.password, "logfile": self.folder / "redis.log",
            }  # fmt: skip
            words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
            self.process = subprocess.Popen(["redis-server", *words], preexec_fn=follower(signal.SIGKILL))
        self.thaw()
        wait(SECONDS, self.answers, "Redis answers")
        self.client.flushall()

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(SECONDS)
            self.process = None

    def freeze(self) -> None:
        """Let it answer nothing, with all connections open: a host that hangs."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
