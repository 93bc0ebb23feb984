"""What talks to a running Frontrow needs an address only: one that is given, or a Frontrow of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = request.config.getoption("--address")
    if given:
        yield given.rstrip("/")
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = tmp_path_factory.mktemp("frontrow")
    command = [sys.executable, "-m", "frontrow", "up", "--port", str(port), "--data", str(data / "data")]
    environment = {
        **os.environ,
        "REGISTRATIONS_PER_ADDRESS": "100000",
        "SIGN_IN_FAILURES_PER_ADDRESS": "100000",
    }
    with (
        (data / "log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log) as up,
    ):
        try:
            _await(f"http://127.0.0.1:{port}", up, data / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            up.terminate()
            up.wait(30)


def _await(address: str, up: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and up.poll() is None:
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"Frontrow did not come up:\n{log.read_text()[-3000:]}")
