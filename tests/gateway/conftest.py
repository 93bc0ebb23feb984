"""Six services, the pages, and the gateway before them, shared by the tests that leave both as they were."""

from collections.abc import Iterator

import pytest

from tests.gateway import stage


@pytest.fixture(scope="package")
def _system() -> Iterator[tuple[dict[str, stage.Service], stage.Gateway]]:
    with stage.services() as there, stage.gateway(stage.places(there)) as gateway:
        yield there, gateway


@pytest.fixture
def services(_system: tuple[dict[str, stage.Service], stage.Gateway]) -> Iterator[dict[str, stage.Service]]:
    """The services, who were asked nothing yet and answer 200 with their name."""
    there, _ = _system
    ordinary = {name: service.reply for name, service in there.items()}
    for service in there.values():
        service.asked.clear()
    yield there
    for name, service in there.items():
        service.reply = ordinary[name]


@pytest.fixture
def gateway(_system: tuple[dict[str, stage.Service], stage.Gateway], services: object) -> stage.Gateway:
    return _system[1]
