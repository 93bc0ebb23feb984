"""What talks to a running Frontrow needs an address only: one that is given, or a Frontrow of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from frontrow.embedded.processes import follower
from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import Wishes
from tests.chromium import chromium
from tests.embedded.system import free_port
from tests.journeys.traveller import answers

ROOT = Path(__file__).parents[1]
LIFTED = {  # all travellers come from one address
    "REGISTRATIONS_PER_ADDRESS": "100000",
    "EVENTS_PER_ORGANIZER": "100000",
    "SIGN_IN_FAILURES_PER_ADDRESS": "100000",
    "GATEWAY_RATE": "1000000",
    "GATEWAY_WRITE_RATE": "1000000",
    "GATEWAY_SIGN_IN_RATE": "1000000",
    "GATEWAY_HASH_RATE": "1000000",
    "GATEWAY_CONNECTIONS": "65535",
    "NEWS_WAIT_SECONDS": "2",  # beside other tests the processors are always full
}
EVERY_PAGE = "test_every_page.py"
FLEET = pytest.StashKey[Fleet]()
CARELESS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}  # nothing is to be kept


LONG = (
    "fleet",
    "broker",
    "tests/stripe/",
    "tests/faults/",
    "installation",
    "tests/browser/",
    "tests/journeys/",
    "tests/embedded/",
    "tests/money/",
)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before and after what spreads and sorts them
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """In parallel, what needs the services runs on one worker; so does each file, in its order.

    Windows are many and wait a lot: their files are spread, for which each worker has a Frontrow of its own.
    What takes long begins first, so that no worker is left alone with it at the end.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_system(item)))
    yield
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    group = _system(item).removeprefix(f"{ROOT}/")
    return next((turn for turn, begin in enumerate(LONG) if group.startswith(begin)), len(LONG))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Have the services running when a test needs them."""
    one = item.config.stash.get(FLEET, None)
    if one and _system(item) == "fleet" and not one.is_running:
        one.start()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop them when the next does not: a dozen idle processes would slow down all that follow."""
    one = item.config.stash.get(FLEET, None)
    if one and nextitem and _system(nextitem) != "fleet":
        one.stop()


def _system(item: pytest.Item) -> str:
    fixtures = getattr(item, "fixturenames", ())
    shape = getattr(getattr(item, "callspec", None), "params", {}).get("address")
    if "fleet" in fixtures or shape == "services":
        return "fleet"
    if {"installation", "address"} & set(fixtures) and "browser" not in fixtures:
        return "installation"
    if "_rabbit" in fixtures:
        return "broker"
    # The tests of that file go through all pages, several times.
    size = getattr(getattr(item, "callspec", None), "params", {}).get("size", "")
    return f"{item.path}:{size}" if item.path.name == EVERY_PAGE else str(item.path)


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> str:
    given = request.config.getoption("--address")
    return str(given).rstrip("/") if given else request.getfixturevalue("installation")[0]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each file: while it is open, Django takes the test for asynchronous and refuses it the database."""
    with chromium() as one:
        yield one


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
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The six services behind a gateway, each in processes of its own: what `make services` runs.

    Whoever stops or scales a part of it puts that back.
    """
    wishes = Wishes(port=free_port(), environment=LIFTED, postgres=CARELESS, scrape_seconds=1)
    one = Fleet(tmp_path_factory.mktemp("fleet") / "data", wishes)
    try:
        one.start()
        request.config.stash[FLEET] = one
        yield one
    finally:
        one.stop()
