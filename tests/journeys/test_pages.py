"""The main path in a browser, wherever Frontrow runs: in one process, and as services behind the gateway."""

import re
from contextlib import ExitStack

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.test_every_page import policy, told, windows_of
from tests.chromium import Watched, sized
from tests.journeys.traveller import PASSWORD, eventually
from tests.pages import stage


@pytest.fixture
def watched(browser, address):
    context = sized(browser, address, "phone")
    yield Watched(context.new_page(), address)
    context.close()


def test_from_what_is_on_to_a_ticket_and_back(watched, ada, ben):
    """Found, chosen, signed in, held, declined, paid, given back, told: nothing complains on the way."""
    event, page = ada.lists(title=f"Proms {ada.username}"), watched.page
    page.goto(f"/?q={ada.username}")
    page.get_by_role("link", name=event["title"]).click()
    page.get_by_role("spinbutton", name="Ticket").fill("2")
    page.get_by_role("main").get_by_role("button", name="Get tickets").click()
    page.get_by_role("main").get_by_role("link", name="sign in").click()
    page.get_by_label("Username or e-mail").fill(ben.username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=re.compile("Hold")).click()
    expect(page.get_by_role("timer")).to_be_visible()
    page.get_by_label(re.compile("Is declined|declined", re.IGNORECASE)).first.check()
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label(re.compile("Pays at once")).first.check()
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_role("heading", name="You’re in")).to_be_visible(timeout=20_000)
    page.goto(page.url + "/cancel")
    page.get_by_role("button", name=re.compile("Yes, cancel")).click()
    expect(page.get_by_role("heading", name="This booking is cancelled")).to_be_visible()
    left = f"/events/{event['eventId']}"
    eventually(lambda: ada.call("GET", left)[1]["availability"], event["capacity"])
    assert watched.complaints == []
    assert watched.elsewhere == []


def test_what_everybody_sees_sets_no_cookie_and_is_shared(request, address, ada):
    event = ada.lists()
    gateway = request.node.callspec.params["address"] == "services"
    for path in ("/", f"/e/{event['eventId']}/night-of-the-proms", "/signin"):
        answers = [read(address + path) for _ in range(5)]
        for answer in answers:
            assert (answer.status_code, answer.headers["Content-Language"]) == (200, "de")
            assert "set-cookie" not in answer.headers
        caches = {answer.headers.get("X-Cache-Status") for answer in answers}
        kept = gateway and path != "/signin"  # where one also sends something, nothing is kept
        assert caches & {"HIT", "STALE", "UPDATING"} if kept else caches == {None}, (path, caches)


def read(url):
    return httpx.get(url, headers={"Accept": "text/html", "Accept-Language": "de"})


def test_each_page_comes_and_complains_of_nothing_behind_the_gateway(browser, fleet):
    """What holds for each page in one process (tests/browser/test_every_page.py) needs no other host here."""
    with ExitStack() as stack:
        on_stage = stage(fleet.address, stack)
        with windows_of(browser, fleet.address, on_stage, "phone") as windows:
            found = {}
            for shown in (each for each in on_stage.pages if not each.until):  # which takes a minute
                watched = windows[shown.who]
                answer = shown.seen(watched.page)
                wrong = [*told(watched, shown), *watched.elsewhere, *policy(answer)]
                watched.complaints.clear()
                if wrong or answer.status != shown.status:
                    found[shown.name] = [answer.status, *wrong]
    assert not found, found
