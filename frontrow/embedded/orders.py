"""Being told to stop, by the person at the keyboard or by the system."""

import signal
import time
from types import FrameType

TICK = 0.1  # seconds between two looks


class Stopped(Exception):
    """The person at the keyboard, or the system, wants us to stop."""


class Orders:
    """Only notes the order: raised in the middle of anything, it could leave a child unknown to us."""

    def __init__(self) -> None:
        self.stop = False

    def take(self) -> None:
        """Take SIGINT, SIGTERM and SIGHUP from now on."""

        def note(_signal: int, _frame: FrameType | None) -> None:
            self.stop = True

        for order in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if order != signal.SIGHUP or signal.getsignal(order) != signal.SIG_IGN:  # nohup stays nohup
                signal.signal(order, note)

    def pause(self, seconds: float) -> None:
        """Wait; raise Stopped as soon as we are told to stop. Every wait of a supervisor is this one."""
        until = time.monotonic() + seconds
        while not self.stop and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, TICK))
        if self.stop:
            raise Stopped
