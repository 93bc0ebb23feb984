"""Debian's Chromium, driven by Playwright, against a Frontrow of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync",
         "--disable-component-update"]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing; `make test` says how to get it"
    with sync_playwright() as playwright:
        # its sandbox cannot be set up by root
        browser = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False, args=QUIET)
        yield browser
        browser.close()


class Watched:
    """A page, and everything it complained about or asked of other hosts."""

    def __init__(self, page: Page, address: str):
        self.page, self.complaints, self.elsewhere = page, [], []
        page.on(
            "console", lambda m: self.complaints.append(m.text) if m.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self.complaints.append(request.url))
        page.on("request", lambda r: self.elsewhere.append(r.url) if not self.own(r.url, address) else None)

    @staticmethod
    def own(url: str, address: str) -> bool:
        return url.startswith((f"{address}/", "data:", "blob:"))


@pytest.fixture
def watched(browser: Browser, address: str, tmp_path: Path) -> Iterator[Watched]:
    context = browser.new_context(base_url=address)
    yield Watched(context.new_page(), address)
    context.close()
