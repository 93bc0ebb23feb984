"""Keeps what is wanted running: one loop that starts, looks, starts again and ends, in the right order."""

import fcntl
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from frontrow.embedded.installation import NotStarted
from frontrow.fleet.program import Program, Running

FIRST_BACK_OFF, LONGEST_BACK_OFF = 0.2, 5.0
STEADY_SECONDS = 30  # what ran this long did not fail at its start
TICK = 0.05  # seconds between two looks
LARGEST_LOG = 50 * 2**20  # bytes; a longer one begins anew at the next start, and the old is kept once


@dataclass
class Pause:
    """How long a program that ended by itself waits, and until when."""

    seconds: float = FIRST_BACK_OFF
    until: float = 0.0


class Supervisor:
    """The programs, those that are wanted, and those that run. `wanted` and `programs` say what should be."""

    def __init__(self, logs: Path, held: int):
        self.logs = logs
        self.held = fcntl.fcntl(held, fcntl.F_DUPFD_CLOEXEC, 10)  # below are those that shells may use
        self.programs: dict[str, Program] = {}
        self.wanted: set[str] = set()
        self.running: dict[str, Running] = {}
        self.been_ready: set[str] = set()
        self.failure: str | None = None
        self.lock = threading.RLock()
        self._began: dict[str, float] = {}
        self._pauses: dict[str, Pause] = {}
        self._over = threading.Event()
        # The system ends our children with the thread that started them: all are started by this one.
        self._thread = threading.Thread(target=self._loop, name="fleet", daemon=True)
        self._thread.start()

    def want(self, *programs: Program) -> None:
        """Have these run from now on, as they are described here."""
        with self.lock:
            self.programs |= {program.name: program for program in programs}
            self.wanted |= {program.name for program in programs}

    def unwant(self, *names: str) -> None:
        with self.lock:
            self.wanted -= set(names)

    def ready(self, *names: str) -> bool:
        """Whether all of these are. Raises NotStarted when one ended at its start."""
        with self.lock:
            if self.failure:
                raise NotStarted(self.failure)
            return all(name in self.running and self.running[name].is_ready for name in names)

    def gone(self, *names: str) -> bool:
        with self.lock:
            return not any(name in self.running for name in names)

    def kill(self, name: str) -> None:
        """End a program's process as a crash would; it is started again."""
        with self.lock:
            self.running[name].kill()

    def close(self) -> None:
        """End the loop, and whatever is still there."""
        self._over.set()
        self._thread.join()
        os.close(self.held)

    def _loop(self) -> None:
        try:
            while not self._over.wait(TICK):
                with self.lock:
                    self._step(time.monotonic())
        except BaseException as fault:
            self.failure = f"The supervisor failed: {fault!r}"
            raise
        finally:
            for running in self.running.values():
                running.kill()
                running.process.wait()

    def _step(self, now: float) -> None:
        for name, running in list(self.running.items()):
            if running.look():
                self.been_ready.add(name)
            if running.ended and not (running.program.once and running.is_ready and name in self.wanted):
                self._bury(name, now)
            elif name not in self.wanted and not self._needed(name):
                running.ask_to_end(now)
        for name in sorted(self.wanted - set(self.running)):
            if self._due(name, now):
                self._start(name, now)

    def _due(self, name: str, now: float) -> bool:
        """What it starts after was ready once: later all of them find each other again by themselves."""
        pause = self._pauses.get(name)
        return self.been_ready.issuperset(self.programs[name].after) and not (pause and now < pause.until)

    def _needed(self, name: str) -> bool:
        """Whether something that is ending, too, started after it."""
        return any(
            name in running.program.after and not running.ended and other not in self.wanted
            for other, running in self.running.items()
        )

    def _start(self, name: str, now: float) -> None:
        log = self.logs / f"{name}.log"
        try:
            if log.exists() and log.stat().st_size > LARGEST_LOG:
                log.replace(log.with_suffix(".log.old"))
            self.running[name] = Running(self.programs[name], log, self.held)
            self._began[name] = now
        except OSError as error:  # such as a full disk: it may pass
            self._fail_or_wait(name, f"{name} could not be started ({error})", now)

    def _bury(self, name: str, now: float) -> None:
        running = self.running.pop(name)
        running.kill()  # what it may have left behind
        if name not in self.wanted:
            self._pauses.pop(name, None)
            return
        if now - self._began[name] > STEADY_SECONDS:
            self._pauses.pop(name, None)
        self._fail_or_wait(
            name, f"{name} ended (status {running.process.returncode})", now, running.last_words()
        )

    def _fail_or_wait(self, name: str, what: str, now: float, words: str = "") -> None:
        """Before it was ever ready, that is the end of the start; afterwards it is tried again."""
        if name not in self.been_ready:
            self.failure = self.failure or f"{what} at its start: {words}\nMore is in {self.logs}/{name}.log"
            self.wanted.discard(name)
            return
        before = self._pauses.get(name)
        seconds = min(LONGEST_BACK_OFF, before.seconds * 2) if before else FIRST_BACK_OFF
        self._pauses[name] = Pause(seconds, now + seconds)
        print(f"{what} by itself; starting again in {seconds:.1f} seconds.", file=sys.stderr, flush=True)
