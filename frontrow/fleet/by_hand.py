"""Commands on a fleet's data: each runs with the settings of the service that it concerns."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from frontrow.fleet.topology import ROOT, SERVICES


def settings(folder: Path, service: str) -> dict[str, str]:
    """A service's settings, which lie beside the data."""
    return {file.name.upper(): file.read_text() for file in (folder / "settings" / service).iterdir()}


def run(folder: Path, service: str, *words: str) -> tuple[int, str]:
    """The status of a command, and what it said, with a service's settings."""
    done = subprocess.run(
        [sys.executable, "-m", "frontrow", *words],
        cwd=ROOT, env={**os.environ, **settings(folder, service)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout.strip()


def dead_letters(folder: Path, act: str, names: Sequence[str]) -> tuple[int, list[str]]:
    """The worst status, and the lines, of `dead-letters` for every service, or for those that are named."""
    if list(names) in ([], ["all"]):
        chosen = {service: list(names) for service in SERVICES}
    elif unknown := [name for name in names if name.partition("/")[0] not in SERVICES]:
        return 2, [f"{name} names no parked message; names look like bookings/<id>." for name in unknown]
    else:
        chosen = {name.partition("/")[0]: [] for name in names}
        for name in names:
            chosen[name.partition("/")[0]].append(name)
    status, lines = 0, []
    for service, own in chosen.items():
        ended, said = run(folder, service, "dead-letters", act, *own)
        status = max(status, ended)
        lines += [f"{service}: {line}" if act == "list" else line for line in said.splitlines()]
    return status, lines


def reconcile(folder: Path) -> tuple[int, list[str]]:
    """The worst status, and the lines, of `reconcile` for those services that have something to compare."""
    ended = {service: run(folder, service, "reconcile") for service in ("bookings", "payments")}
    lines = [
        line if line.startswith(service) else f"{service:9} {line}"
        for service, (_, said) in ended.items()
        for line in said.splitlines()
        if not line.startswith("{")  # what it logged: the same, as JSON
    ]
    return max(status for status, _ in ended.values()), lines
