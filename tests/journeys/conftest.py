"""The cast, as travellers; they go through everything that Frontrow can be, unless one address is given."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.journeys.traveller import Traveller


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "address" in metafunc.fixturenames:
        shapes = ["given"] if metafunc.config.getoption("--address") else ["embedded", "services"]
        metafunc.parametrize("address", shapes, indirect=True, scope="session")


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> str:
    """Where Frontrow answers: in one process, or as six services behind a gateway."""
    if request.param == "given":
        return str(request.config.getoption("--address")).rstrip("/")
    if request.param == "services":
        return str(request.getfixturevalue("fleet").address)
    return str(request.getfixturevalue("installation")[0])


@pytest.fixture
def ada(address: str) -> Iterator[Traveller]:
    with closing(Traveller(address, "ada")) as one:
        yield one


@pytest.fixture
def ben(address: str) -> Iterator[Traveller]:
    with closing(Traveller(address, "ben")) as one:
        yield one


@pytest.fixture
def cy(address: str) -> Iterator[Traveller]:
    with closing(Traveller(address, "cy")) as one:
        yield one
