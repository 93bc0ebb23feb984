"""What makes the load: wrk for HTTP, pgbench for SQL. Each run is bounded in time."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from frontrow.fleet import packages

HERE = Path(__file__).parent
THREADS = 2  # of wrk, and of pgbench


@dataclass(frozen=True)
class Run:
    """What came of a run: answers, those that were no success, and what the load itself took."""

    answers: int
    refused: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        return self.answers / self.seconds

    @property
    def booked(self) -> int:
        return self.answers - self.refused


def ensure() -> None:
    """Have what makes the load, as root on Debian. Raises as packages.install does."""
    if not shutil.which("wrk"):
        packages.install(["wrk"])


def book(address: str, people: Path, events: Path, connections: int, seconds: int) -> Run:
    """POST /bookings as fast as so many connections can."""
    words = ["-s", str(HERE / "book.lua"), address, "--", str(people), str(events), str(THREADS)]
    return _wrk(connections, seconds, words)


def get(address: str, connections: int, seconds: int, headers: Mapping[str, str]) -> Run:
    """GET an address as fast as so many connections can."""
    said = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    return _wrk(connections, seconds, [*said, address])


def _wrk(connections: int, seconds: int, what: list[str]) -> Run:
    words = [
        "wrk",
        f"-t{THREADS}",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "--timeout",
        "30s",
        *what,
    ]
    said = subprocess.run(words, capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    found = re.search(r"(\d+) requests in ([\d.]+)s", said)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = re.search(r"Socket errors: (.*)", said)
    if not found or lost:
        raise RuntimeError(f"wrk: {lost[0] if lost else said}")
    took = {share: _milliseconds(said, share) for share in ("50%", "99%")}
    return Run(int(found[1]), int(refused[1]) if refused else 0, float(found[2]), took["50%"], took["99%"])


def _milliseconds(said: str, share: str) -> float:
    found = re.search(rf"{share}\s+([\d.]+)(us|ms|s|m) *\n", said)
    assert found, said
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[found[2]]


def pgbench(url: str, script: str, clients: int, seconds: int, **variables: object) -> float:
    """Transactions a second."""
    program = packages.postgres_programs() / "pgbench"
    words = [str(program), "--no-vacuum", "--protocol=prepared", f"--file={HERE / 'sql' / script}", f"-T{seconds}",
             f"-c{clients}", f"-j{min(clients, THREADS)}", *(f"-D{name}={value}" for name, value in variables.items()),
             url]  # fmt: skip
    said = subprocess.run(words, capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    found = re.search(r"tps = ([\d.]+)", said)
    assert found, said
    return float(found[1])
