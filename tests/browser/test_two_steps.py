"""Signing in in two steps in a real window: turned on, used, and asked for before leaving; nobody is kept out."""

import pyotp
from playwright.sync_api import Page, expect

from tests.chromium import barriers
from tests.journeys.traveller import PASSWORD


def usable(page: Page, heading: str) -> None:
    """The page of this heading is there, for everybody."""
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1


def send(page: Page, label: str, words: str, button: str) -> None:
    page.get_by_label(label, exact=True).fill(words)
    page.get_by_role("main").get_by_role("button", name=button).click()


def test_it_is_turned_on_used_and_asked_for_before_leaving(window, size, ben):
    page = window(size, who=ben).page
    page.goto("/account/two-factor")
    usable(page, "Sign-in in two steps")
    send(page, "Your password now", PASSWORD, "Go on")
    usable(page, "Scan this with your app")
    app = pyotp.TOTP(str(page.locator("input[name=secret]").get_attribute("value")))
    send(page, "Code", "000000", "Turn it on")
    expect(page.get_by_text("This code is wrong")).to_be_visible()
    send(page, "Code", app.now(), "Turn it on")
    usable(page, "Your recovery codes")
    first, second = page.locator("main code").all_inner_texts()[:2]
    other = window(size).page
    other.goto("/signin?next=/account/delete")
    other.get_by_label("Username or e-mail").fill(ben.username)
    send(other, "Password", PASSWORD, "Sign in")
    usable(other, "Your code")
    send(other, "Code", first, "Sign in")
    usable(other, "Delete my account")
    other.get_by_label("Your password").fill(PASSWORD)
    send(other, "Code", first, "Delete my account")
    expect(other.get_by_text("This code is wrong")).to_be_visible()
    other.get_by_label("Your password").fill(PASSWORD)
    send(other, "Code", second, "Delete my account")
    expect(other.get_by_text("Your account is deleted")).to_be_visible()
