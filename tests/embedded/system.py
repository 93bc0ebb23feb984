"""What the operating system tells of processes; nothing here knows Frontrow's own code."""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    """A process, and the time of its birth in case its number is given to another."""

    pid: int
    born: str

    @property
    def command(self) -> str:
        return _read(self.pid, "cmdline").replace("\0", " ").strip()

    @property
    def resident(self) -> int:
        """Resident memory in bytes, what it shares with others included."""
        return int(_read(self.pid, "statm").split()[1]) * os.sysconf("SC_PAGESIZE")

    @property
    def lives(self) -> bool:
        fields = _stat(self.pid)
        return bool(fields) and fields[19] == self.born and fields[0] != "Z"

    def send(self, order: int) -> None:
        if self.lives:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, order)


def _read(pid: int, name: str) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    return ""


def _stat(pid: int) -> list[str]:
    """The fields after the command's name, which may contain anything: state, parent, …"""
    return _read(pid, "stat").rpartition(")")[2].split()


def everybody() -> list[Process]:
    pids = [int(place.name) for place in Path("/proc").glob("[0-9]*")]
    return [Process(pid, fields[19]) for pid in pids if (fields := _stat(pid))]


def descendants(ancestor: int) -> list[Process]:
    """All processes that this one, or a child of it, started; those next to it first."""
    children: dict[int, list[Process]] = {}
    for process in everybody():
        if fields := _stat(process.pid):
            children.setdefault(int(fields[1]), []).append(process)
    found, row = [], children.get(ancestor, [])
    while row:
        found += row
        row = [child for parent in row for child in children.get(parent.pid, [])]
    return [process for process in found if process.lives]


def marked(mark: str) -> list[Process]:
    """Processes that have the mark in their environment, and what PostgreSQL's say of themselves."""
    return [
        process
        for process in everybody()
        if process.lives and (mark in _read(process.pid, "environ") or mark in process.command)
    ]


def wait(seconds: float, look: Callable[[], object], what: str) -> float:
    """Look until it is so; the seconds it took. Raises TimeoutError."""
    began = time.monotonic()
    while not look():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - began


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def kill(processes: list[Process]) -> None:
    """kill -9, parents first so that none starts another in between."""
    for process in processes:
        process.send(signal.SIGKILL)
