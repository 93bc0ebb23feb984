"""The cast, as travellers."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.journeys.traveller import Traveller


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
