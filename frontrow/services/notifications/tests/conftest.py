"""The clock stands at NOW, unless a test moves it."""

from collections.abc import Iterator

import pytest
import time_machine

from frontrow.services.notifications import mailing

from .stage import NOW


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    mailing.PAUSE.end()
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
