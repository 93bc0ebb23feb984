"""Debian's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync",
         "--disable-component-update"]  # fmt: skip
SIZES: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "desktop": {"viewport": {"width": 1280, "height": 900}},
}
CUT_OFF = ("htmx:afterRequest", "htmx:sendAbort", "htmx:sendError")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without cookies, for as many contexts as one likes."""
    program = shutil.which("chromium-headless-shell")
    assert program, "Chromium is missing; `make test` says how to get it"
    with sync_playwright() as playwright:
        # its sandbox cannot be set up by root
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False, args=QUIET)
        yield browser
        browser.close()


class Watched:
    """A page, and everything it complained about or asked of other hosts."""

    def __init__(self, page: Page, address: str):
        self.page, self.complaints, self.elsewhere = page, [], []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self._failed)
        page.on("request", lambda r: self.elsewhere.append(r.url) if not self.own(r.url, address) else None)

    def _said(self, message: ConsoleMessage) -> None:
        cut = message.text.startswith(CUT_OFF)  # by leaving the page; a failure is also a failed request
        if message.type in {"error", "warning"} and not cut:
            self.complaints.append(message.text)

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left before it was all there
            self.complaints.append(f"{request.url}: {request.failure}")

    @staticmethod
    def own(url: str, address: str) -> bool:
        return url.startswith((f"{address}/", "data:", "blob:"))


def sized(browser: Browser, address: str, size: str = "desktop", **options: Any) -> BrowserContext:
    """A browser window of somebody: phone or desktop; in English unless told otherwise."""
    return browser.new_context(base_url=address, **{"locale": "en-GB", **SIZES[size], **options})


def barriers(page: Page, inside: str | None = None, **only: list[str]) -> list[str]:
    """What axe finds that keeps people out, with where it is: by all rules, or by some (`rule=[…]`)."""
    ((kind, values),) = (only or {"tag": RULES}).items()
    options = {"runOnly": {"type": kind, "values": values}, "resultTypes": ["violations"]}
    known = page.evaluate("'axe' in window")  # loading it takes longer than many of its rules
    found = (Axe("null") if known else Axe()).run(page, inside, options)
    return [
        f"{each['id']}: {node['html'][:200]} ({node.get('failureSummary', '')[:300]})"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]
