"""Leaving in a real window: also without scripts, and with one's data under one's arm."""

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.chromium import barriers
from tests.journeys.traveller import PASSWORD


def test_somebody_takes_their_data_and_leaves_without_scripts(window, ben):
    page = window("phone", who=ben, java_script_enabled=False).page
    page.goto("/account")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download my data").click()
    told = json.loads(Path(coming.value.path()).read_text())
    assert told["services"]["users"]["account"][0]["email"] == ben.email
    page.get_by_role("link", name="Delete my account").click()
    expect(page.get_by_role("heading", name="What stays")).to_be_visible()
    page.get_by_label("Your password").fill("not this one")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("This is not the password that you have now")).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("Your account is deleted")).to_be_visible()
    page.goto("/account")
    assert page.url.endswith("/signin?next=%2Faccount")


def test_nobody_is_kept_out_of_leaving(window, ben, size):
    page = window(size, who=ben).page
    for path in ("/account", "/account/delete"):
        page.goto(path)
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1
