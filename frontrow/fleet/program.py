"""A program of the fleet, and the process that runs it."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Its folder by a descriptor: no path needs quoting in anybody's configuration, and an account gets there
# although it may not enter the folders above.
HERE = "/proc/self/fd/9"
# The system ends it with its supervisor; the shell finds out whether that was gone before it asked.
BEGIN = 'exec 9<. && test "$PPID" = "$0" && exec "$@"'
LAST_WORDS = 2000  # characters of a log


@dataclass(frozen=True)
class Program:
    """What to run, where, after which others, and how to know that it is ready. It calls its folder HERE.

    One that is `once` is ready when it has ended with 0; any other when `ready` says so.
    """

    name: str
    command: list[str]
    folder: Path
    environment: dict[str, str] = field(repr=False)
    after: tuple[str, ...] = ()
    ready: Callable[[], bool] = lambda: True
    once: bool = False
    who: dict[str, Any] = field(default_factory=dict)
    order: signal.Signals = signal.SIGTERM  # asks it to end
    seconds: float = 5  # which it is given to end


class Running:
    """One process of a program, in a session of its own. It ends with the thread that started it."""

    def __init__(self, program: Program, log: Path, held: int):
        self.program, self.log = program, log
        self.is_ready = False
        self.asked: float | None = None  # when it was asked to end
        with log.open("ab") as into:
            self.begins = into.tell()
            if program.who:  # some open their output again by name
                os.fchown(into.fileno(), program.who["user"], program.who["group"])
            self.process = subprocess.Popen(
                ["/usr/bin/setpriv", f"--pdeathsig={program.order.name[3:]}", "--",
                 "/bin/sh", "-c", BEGIN, str(os.getpid()), *program.command],
                cwd=program.folder, env=program.environment, pass_fds=(held,), umask=0o077, **program.who,
                stdin=subprocess.DEVNULL, stdout=into, stderr=into, start_new_session=True,
            )  # fmt: skip

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def look(self) -> bool:
        """Whether it is ready; asked until it once was."""
        if not self.is_ready:
            if self.program.once:
                self.is_ready = self.ended and self.process.returncode == 0
            else:
                self.is_ready = not self.ended and self.program.ready()
        return self.is_ready

    def ask_to_end(self, now: float) -> None:
        """Ask it to end; the second time, once its seconds are over, make it."""
        if self.asked is None:
            self.asked = now
            self.process.send_signal(self.program.order)
        elif now - self.asked > self.program.seconds:
            self.kill()

    def kill(self) -> None:
        """End it and what it started at once."""
        self.is_ready = False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self) -> str:
        """The end of what it wrote since its start."""
        said = self.log.read_bytes()[self.begins :]
        return said[-LAST_WORDS:].decode(errors="replace").strip() or "it said nothing"


def family(pid: int) -> list[int]:
    """The process and all that it and its children started and that still live, the eldest first."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (place / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(place.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found
