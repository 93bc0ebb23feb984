"""What talks to a running Frontrow needs an address only: one that is given, or a Frontrow of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontrow.embedded.processes import follower
from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import Wishes
from tests.embedded.system import free_port
from tests.journeys.traveller import answers

ROOT = Path(__file__).parents[1]
LIFTED = {  # all travellers come from one address
    "REGISTRATIONS_PER_ADDRESS": "100000",
    "SIGN_IN_FAILURES_PER_ADDRESS": "100000",
    "GATEWAY_RATE": "1000000",
    "GATEWAY_WRITE_RATE": "1000000",
    "GATEWAY_SIGN_IN_RATE": "1000000",
    "GATEWAY_CONNECTIONS": "65535",
}
CARELESS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}  # nothing is to be kept


@pytest.hookimpl(tryfirst=True)  # before what spreads them
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In parallel, what needs one and the same system runs on one worker; so does each file, in its order."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_system(item)))


def _system(item: pytest.Item) -> str:
    fixtures = getattr(item, "fixturenames", ())
    shape = getattr(getattr(item, "callspec", None), "params", {}).get("address")
    if "fleet" in fixtures or shape == "services":
        return "fleet"
    if {"installation", "address"} & set(fixtures):
        return "installation"
    return "broker" if "_rabbit" in fixtures else str(item.path)


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> str:
    given = request.config.getoption("--address")
    return str(given).rstrip("/") if given else request.getfixturevalue("installation")[0]


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A Frontrow of our own, for tests that need more than an address: that, and the folder of its data."""
    port = free_port()
    data = tmp_path_factory.mktemp("frontrow")
    command = [sys.executable, "-m", "frontrow", "up", "--port", str(port), "--data", str(data / "data")]
    environment = {**os.environ, **LIFTED}
    with (
        (data / "log").open("wb") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, preexec_fn=follower(signal.SIGTERM)
        ) as up,
    ):
        try:
            assert answers(f"http://127.0.0.1:{port}", up), (data / "log").read_text()[-3000:]
            yield f"http://127.0.0.1:{port}", data / "data"
        finally:
            up.terminate()
            up.wait(30)


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The six services behind a gateway, each in processes of its own: what `make services` runs.

    Whoever stops or scales a part of it puts that back.
    """
    wishes = Wishes(port=free_port(), environment=LIFTED, postgres=CARELESS, scrape_seconds=1)
    one = Fleet(tmp_path_factory.mktemp("fleet") / "data", wishes)
    try:
        one.start()
        yield one
    finally:
        one.stop()
