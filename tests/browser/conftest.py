"""Windows on a Frontrow of its own: of any size, of somebody who is signed in, watched for complaints."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import Watched, sized
from tests.journeys.traveller import PASSWORD, Traveller

Window = Callable[..., Watched]


@pytest.fixture
def watched(browser: Browser, address: str) -> Iterator[Watched]:
    context = browser.new_context(base_url=address)
    yield Watched(context.new_page(), address)
    context.close()


@pytest.fixture(params=["phone", "desktop"])
def size(request: pytest.FixtureRequest) -> str:
    """Each test that asks for it runs in both sizes."""
    return str(request.param)


@pytest.fixture
def window(browser: Browser, address: str) -> Iterator[Window]:
    """Opens windows, each a browser of its own: `window(size, who=ben, java_script_enabled=False, …)`."""
    contexts = []

    def opened(size: str = "desktop", who: Traveller | None = None, **options: Any) -> Watched:
        contexts.append(sized(browser, address, size, **options))
        found = Watched(contexts[-1].new_page(), address)
        if who:
            sign_in(found.page, who)
        return found

    yield opened
    for context in contexts:
        context.close()


def sign_in(page: Page, who: Traveller) -> None:
    """Sign in as people do, and go on to what is quickly there."""
    page.goto("/signin?next=/robots.txt")
    page.get_by_label("Username or e-mail").fill(who.username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/robots.txt")


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
