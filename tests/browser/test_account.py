"""An account in real windows: made, used, changed, left; and tabs that were open for long."""

import os
import re
import signal
import subprocess
import sys
from contextlib import closing

import pytest
from playwright.sync_api import expect

from frontrow.embedded.processes import follower
from tests.chromium import Watched, sized
from tests.conftest import LIFTED, ROOT
from tests.embedded.system import free_port
from tests.journeys.traveller import PASSWORD, Traveller, answers, eventually

from .conftest import sign_in
from .test_booking import at, charged, checkout, pay, wrong


def test_signing_up_keeps_the_choice(window, size, ada):
    event = ada.lists()
    watched = window(size, timezone_id="Asia/Tokyo")
    page = watched.page
    name = f"dora-{ada.username[-8:]}"
    checkout(page, event, 2)
    page.get_by_role("link", name="Make an account").click()
    expect(page.get_by_text("your choice is waiting for you")).to_be_visible()
    page.get_by_label("Your name").fill("Dora")
    page.get_by_label("E-mail").fill(ada.email)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("not the one of that account")
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_text("There is an account with this address already")).to_be_visible()
    page.get_by_label("E-mail").fill(f"{name}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    at(page, "Your choice")
    expect(page.get_by_role("button", name="Hold 2 places and pay")).to_be_visible()
    page.goto("/account")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    assert wrong(watched) == []


def test_signing_in_wrongly_then_rightly_and_out(window, size, ben):
    watched = window(size)
    page = watched.page
    page.goto("/my/bookings")
    page.get_by_label("Username or e-mail").fill(ben.email)
    page.get_by_label("Password", exact=True).fill("wrong horse")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("Username or e-mail")).to_have_value(ben.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    at(page, "My tickets")
    expect(page.get_by_text("No tickets yet")).to_be_visible()
    page.locator('summary[aria-label="Account and menu"]').click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto("/my/bookings")
    at(page, "Welcome back")
    assert wrong(watched) == []


def test_changing_the_password_ends_other_sessions_but_not_this(window, size, ben):
    here = window(size, who=ben)
    page = here.page
    page.goto("/account")
    page.get_by_label("Your password now").fill("not this one")
    page.get_by_label("Your new password").fill("another horse battery")
    page.get_by_role("button", name="Change my password").click()
    expect(page.get_by_text("This is not the password that you have now.")).to_be_visible()
    page.get_by_label("Your password now").fill(PASSWORD)
    page.get_by_label("Your new password").fill("another horse battery")
    page.get_by_role("button", name="Change my password").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    page.goto("/account")
    at(page, "Account")
    assert ben.call("POST", "/token/refresh", {"refreshToken": ben.session["refreshToken"]})[0] == 401
    with pytest.raises(AssertionError):
        ben.sign_in()
    assert wrong(here) == []


def test_the_profile_speaks_another_language(window, size, ben):
    watched = window(size, who=ben)
    page = watched.page
    page.goto("/account")
    page.get_by_label("Your name").fill("Ben <b>Buyer</b>")
    page.get_by_label("Phone").fill("call me")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Use digits and spaces")).to_be_visible()
    page.get_by_label("Phone").fill("+49 30 123")
    page.get_by_role("main").get_by_label("Language").select_option("fr")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    assert wrong(watched) == []


def test_notifications_are_read_one_by_one_and_all(window, size, ada, ben):
    event = ada.lists(price=0)
    booking = ben.books(event)[1]
    mine = f"/notifications/{ben.user_id}"
    eventually(lambda: ben.call("GET", f"{mine}/unread")[1]["unread"], 2)
    watched = window(size, who=ben)
    page = watched.page
    page.goto("/")
    page.get_by_role("link", name="Notifications, 2 unread").click()
    at(page, "Notifications")
    page.get_by_role("link", name=re.compile("Your tickets")).click()
    at(page, "You’re in")
    assert page.url.endswith(booking["bookingId"])
    assert ben.call("GET", f"{mine}/unread")[1]["unread"] == 1
    page.goto("/my/notifications")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)
    assert ben.call("GET", f"{mine}/unread")[1]["unread"] == 0
    assert wrong(watched) == []


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory):
    """A Frontrow of its own, whose access tokens are always about to end: each page has to renew them."""
    port, data = free_port(), tmp_path_factory.mktemp("forgetful")
    command = [sys.executable, "-m", "frontrow", "up", "--port", str(port), "--data", str(data / "data")]
    environment = {**os.environ, **LIFTED, "ACCESS_TOKEN_SECONDS": "20"}
    with (
        (data / "log").open("wb") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, preexec_fn=follower(signal.SIGTERM)
        ) as up,
    ):
        try:
            assert answers(f"http://127.0.0.1:{port}", up), (data / "log").read_text()[-3000:]
            yield f"http://127.0.0.1:{port}"
        finally:
            up.terminate()
            up.wait(30)


@pytest.fixture
def forgetful_fleet(fleet):
    """The services, of which users is as forgetful."""
    fleet.wishes.environment["ACCESS_TOKEN_SECONDS"] = "20"
    fleet.stop("users")
    fleet.start("users")
    yield fleet.address
    del fleet.wishes.environment["ACCESS_TOKEN_SECONDS"]
    fleet.stop("users")
    fleet.start("users")


def test_tabs_that_were_left_open_still_work(browser, size, forgetful):
    left_open(browser, size, forgetful)


def test_tabs_that_were_left_open_still_work_behind_the_gateway(browser, forgetful_fleet):
    left_open(browser, "phone", forgetful_fleet)


def left_open(browser, size, address):
    """Tabs whose tokens must be renewed: all wake up at once, and the form in one of them is sent."""
    with closing(Traveller(address, "ada")) as ada, closing(Traveller(address, "ben")) as ben:
        event = ada.lists()
        context = sized(browser, address, size)
        page = context.new_page()
        watched = Watched(page, address)
        sign_in(page, ben)
        checkout(page, event)
        others = [context.new_page() for _ in range(4)]
        for other in others:
            other.goto("/my/bookings", wait_until="commit")
        old = context.cookies()
        for other in others:  # nobody waits for another: they renew at once
            other.evaluate("() => void setTimeout(() => location.reload())")
        page.get_by_role("button", name="Hold").click()
        at(page, "1 place is yours")
        for other in others:
            at(other, "My tickets")
        assert context.cookies() != old
        pay(page)
        at(page, "You’re in")
        ben.sign_in()
        assert len(charged(ben)) == 1
        assert wrong(watched) == []
        context.close()
