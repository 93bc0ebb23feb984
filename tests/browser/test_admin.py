"""The admin as an operator has it: in Chromium, under our headers, on a Frontrow with something to show."""

import re
import subprocess
import sys
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.journeys.traveller import PASSWORD, Traveller


@pytest.fixture(scope="module")
def address(installation):
    """Of a Frontrow of our own: an administrator is made in the folder of its data."""
    return installation[0]


@pytest.fixture(scope="module")
def ada(installation):
    """Ada organises, books, and is an administrator."""
    address, data = installation
    with closing(Traveller(address, "ada")) as ada:
        assert ada.books(ada.lists())[0] == 201
        command = [sys.executable, "-m", "frontrow", "admin", "--data", str(data), ada.username]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.rstrip().endswith("/admin/")
        yield ada


@pytest.fixture
def page(watched, ada):
    """The admin, signed in."""
    sign_in(watched.page, ada.username, PASSWORD)
    expect(watched.page.get_by_role("heading", name="Operations")).to_be_visible()
    return watched.page


def sign_in(page, name, password):
    page.goto("/admin/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def links(page, where):
    return page.eval_on_selector_all(f"{where} a[href]", "links => links.map(link => link.href)")


def test_every_page_opens_under_our_headers_and_nothing_complains(page, watched):
    lists = [link for link in links(page, "#content-main th") if "/admin/" in link]
    assert len(lists) > 8
    for each in lists:
        policy = page.goto(each).headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        expect(page.get_by_role("searchbox")).to_be_visible()
        for link in [*links(page, "#changelist-filter")[:4], *links(page, "#result_list tbody")[:1]]:
            assert page.goto(link).status == 200, link
    assert watched.complaints == []
    assert watched.elsewhere == []


def test_a_booking_is_found_by_its_event_and_cannot_be_changed(page, ada, watched):
    event = ada.call("GET", "/bookings")[1]["items"][0]["eventId"]
    page.goto("/admin/bookings/booking/")
    page.locator("#searchbar").fill(event)  # the other filters the navigation
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q="))
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.locator("#result_list tbody a").click()
    expect(page.locator(".field-costs")).to_contain_text("€49.00")
    expect(page.locator(".field-booking_date")).to_contain_text(re.compile(r"\d\d:\d\d:\d\d UTC"))
    expect(page.get_by_role("button", name=re.compile("save|delete", re.IGNORECASE))).to_have_count(0)
    assert watched.complaints == []


def test_a_wrong_password_and_signing_out(watched, ada):
    page = watched.page
    sign_in(page, ada.username, "wrong")
    expect(page.get_by_text("Name, password or code is wrong")).to_be_visible()
    sign_in(page, ada.username, PASSWORD)
    page.get_by_role("button", name="Log out").click()
    page.goto("/admin/users/user/")
    expect(page.get_by_label("Password")).to_be_visible()
    assert watched.complaints == []


def test_who_is_no_administrator_does_not_come_in(watched, ada):
    with closing(Traveller(str(ada.base_url), "ben")) as ben:
        sign_in(watched.page, ben.username, PASSWORD)
    expect(watched.page.get_by_text("not an administrator's")).to_be_visible()
