"""From a choice to a ticket and back, in real windows: nothing is booked or charged twice, each no is explained."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.journeys.traveller import PASSWORD, eventually, soon_over

REFUSED = re.compile(r"status of (401|403|409|422)")  # the console tells of each page that says no
SLOWLY = 30_000  # milliseconds that something in the background may take


@pytest.fixture
def event(ada):
    return ada.lists(capacity=5)


def wrong(watched):
    """Scripts that broke, what was blocked, and what came from elsewhere; pages that say no are none of it."""
    return watched.elsewhere + [each for each in watched.complaints if not REFUSED.search(each)]


def kind(event):
    return event["ticketTypes"][0]["ticketTypeId"]


def checkout(page, event, places=1):
    page.goto(f"/e/{event['eventId']}/checkout?{kind(event)}={places}")


def hold(page, event, places=1):
    checkout(page, event, places)
    page.get_by_role("button", name="Hold").click()
    page.wait_for_url("**/my/bookings/*")


def pay(page, meaning="Pays at once"):
    page.get_by_text(meaning, exact=True).first.click()
    page.get_by_role("button", name="Pay €").click()


def at(page, heading):
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible(timeout=SLOWLY)


def bookings(who):
    return who.call("GET", "/bookings")[1]["items"]


def charged(who):
    """Payments that took money."""
    return [each for each in who.call("GET", "/payments")[1]["items"] if each["status"] != "failed"]


def test_choose_hold_pay_and_give_back(window, size, ben, event):
    watched = window(size, who=ben)
    page = watched.page
    checkout(page, event, 2)
    expect(page.get_by_text("€98").first).to_be_visible()
    page.get_by_role("button", name="Hold 2 places and pay").click()
    at(page, "2 places are yours until the clock stops")
    clock = page.get_by_role("timer")
    expect(clock).to_have_text(re.compile(r"^1[45]:\d\d$"))
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)
    pay(page)
    at(page, "You’re in")
    expect(page.get_by_role("link", name="Add to my calendar")).to_be_visible()
    page.get_by_role("link", name="Cancel this booking").click()
    expect(page.get_by_text("You get €98 back")).to_be_visible()
    page.get_by_role("button", name="Yes, cancel my booking").click()
    at(page, "This booking is cancelled")
    expect(page.get_by_text("€98")).not_to_have_count(0)
    eventually(lambda: charged(ben)[0]["status"], "refunded")
    page.reload()
    expect(page.get_by_text("€98 went back to you")).to_be_visible()
    assert wrong(watched) == []


def test_the_main_path_without_a_script(window, size, ada, address):
    event = ada.lists(title=f"Quiet Night {ada.username[-6:]}", capacity=5)
    page = window(size, java_script_enabled=False).page
    name = f"dora-{ada.username[-8:]}"
    page.goto(f"/?q={event['title'].replace(' ', '+')}")
    page.get_by_role("article").get_by_role("link", name=event["title"]).click()
    at(page, event["title"])
    page.locator(f'input[name="{kind(event)}"]').first.fill("2")
    page.locator('form[action$="/checkout"] button:not([type="button"])').first.click()
    at(page, "Your choice")
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Your name").fill("Dora")
    page.get_by_label("E-mail").fill(f"{name}@example.org")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    at(page, "Your choice")
    page.get_by_role("button", name="Hold 2 places and pay").click()
    at(page, "2 places are yours")
    pay(page, "Is declined")
    expect(page.get_by_role("alert")).to_contain_text("The card was declined. Nothing was charged.")
    pay(page)
    until_ticket(page)
    page.get_by_role("link", name="Cancel this booking").click()
    expect(page.get_by_text("You get €98 back")).to_be_visible()
    page.get_by_role("button", name="Yes, cancel my booking").click()
    at(page, "This booking is cancelled")
    expect(
        page.get_by_text("€98 is on its way back to you").or_(page.get_by_text("€98 went back to you"))
    ).to_be_visible()


def until_ticket(page):
    """Without a script the page does not look again by itself, but has a link to."""
    for _ in range(200):
        if page.get_by_role("heading", name="You’re in").count():
            return
        page.get_by_role("link", name="Look again").click()
        page.wait_for_load_state()
    raise AssertionError(page.content())


def test_each_declined_card_is_explained_and_the_hold_stands(window, size, ben, event):
    watched = window(size, who=ben)
    page = watched.page
    hold(page, event)
    pay(page, "Is declined")
    expect(page.get_by_role("alert")).to_contain_text("The card was declined.")
    expect(page.get_by_role("alert")).to_contain_text("The hold still stands")
    expect(page.get_by_role("radio").first).to_be_focused()
    page.get_by_text("More cards to rehearse with").click()
    pay(page, "Has expired")
    expect(page.get_by_role("alert")).to_contain_text("This card has expired.")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("This card has expired.")
    pay(page)
    at(page, "You’re in")
    assert len(charged(ben)) == 1
    assert wrong(watched) == []


def answered_at_the_bank(page, event, answer):
    """Pay with a card whose bank asks, and answer there."""
    hold(page, event)
    pay(page, "Your bank asks you to confirm")
    page.wait_for_url("**/sandbox/*")
    page.get_by_role("button", name=answer).click()
    page.wait_for_url("**/my/bookings/*")


def test_a_bank_that_asks_leads_back_to_the_ticket(window, size, ben, event):
    watched = window(size, who=ben)
    answered_at_the_bank(watched.page, event, "Confirm payment")
    at(watched.page, "You’re in")
    assert len(charged(ben)) == 1
    assert wrong(watched) == []


def test_who_says_no_at_the_bank_can_take_another_card(window, size, ben, event):
    watched = window(size, who=ben)
    answered_at_the_bank(watched.page, event, "Refuse")
    expect(watched.page.get_by_role("alert")).to_contain_text("The hold still stands")
    pay(watched.page)
    at(watched.page, "You’re in")
    assert len(charged(ben)) == 1
    assert wrong(watched) == []


def test_a_lost_answer_ends_by_itself(window, size, ben, event):
    watched = window(size, who=ben)
    page = watched.page
    hold(page, event)
    page.get_by_text("More cards to rehearse with").click()
    pay(page, "Pays, but the answer of the bank is lost for a while")
    at(page, "Your payment is on its way")
    at(page, "You’re in")
    assert len(charged(ben)) == 1
    assert wrong(watched) == []


def test_a_double_click_books_and_charges_once(window, size, ben, event):
    watched = window(size, who=ben)
    page = watched.page
    checkout(page, event)
    page.get_by_role("button", name="Hold").dblclick()
    at(page, "1 place is yours")
    assert len(bookings(ben)) == 1
    page.get_by_text("More cards to rehearse with").click()
    page.get_by_text("Pays after two seconds").click()
    page.get_by_role("button", name="Pay €").dblclick()
    at(page, "You’re in")
    assert len(charged(ben)) == 1


def test_an_impatient_double_click_without_a_script(window, ben, event):
    page = window("phone", who=ben, java_script_enabled=False).page
    checkout(page, event)
    page.get_by_role("button", name="Hold").dblclick()
    page.wait_for_url("**/my/bookings/*")
    assert len(bookings(ben)) == 1


def test_back_and_reload_book_and_charge_nothing_again(window, size, ben, event):
    watched = window(size, who=ben)
    page = watched.page
    page.goto(f"/e/{event['eventId']}")
    page.get_by_role("button", name="Get tickets").click()
    at(page, "1 place is yours")
    here = page.url
    page.reload()
    page.go_back()
    page.get_by_role("button", name="Get tickets").click()
    at(page, "1 place is yours")
    assert page.url.startswith(here)
    assert len(bookings(ben)) == 1
    pay(page)
    at(page, "You’re in")
    page.go_back()
    page.reload()
    at(page, re.compile("You’re in|Night of the Proms"))
    assert len(charged(ben)) == 1
    assert len(bookings(ben)) == 1


def test_two_tabs_hold_once_and_pay_once(window, size, ben, event):
    watched = window(size, who=ben)
    first, second = watched.page, watched.page.context.new_page()
    checkout(first, event)
    checkout(second, event)
    for page in (first, second):
        page.get_by_role("button", name="Hold").click()
        at(page, "1 place is yours")
    assert first.url == second.url
    assert len(bookings(ben)) == 1
    pay(first)
    pay(second)
    for page in (first, second):
        at(page, "You’re in")
    assert len(charged(ben)) == 1


def test_the_last_ticket_in_two_windows_at_once(window, size, ada, ben, cy):
    event = ada.lists(capacity=1)
    pages = [window(size, who=who).page for who in (ben, cy)]
    for page in pages:
        checkout(page, event)
    for page in pages:  # both are on their way before either is answered
        page.evaluate("() => void setTimeout(() => document.querySelector('main form').requestSubmit())")
    heading = re.compile("1 place is yours|Sold out, a moment ago")
    for page in pages:
        at(page, heading)
    said = sorted(page.get_by_role("heading", level=1).inner_text() for page in pages)
    assert said[0].startswith("1 place is yours")
    assert said[1] == "Sold out, a moment ago"
    loser = next(page for page in pages if page.url.endswith("/book"))
    expect(loser.get_by_role("alert")).to_contain_text("Nothing was booked or charged")
    assert len(bookings(ben)) + len(bookings(cy)) == 1


def test_sold_out_offers_what_is_left(window, size, ada, ben, cy):
    types = [
        {"name": "Stalls", "price": 4000, "capacity": 1},
        {"name": "Balcony", "price": 2000, "capacity": 5},
    ]
    event = ada.lists(ticketTypes=types, currency="EUR")
    watched = window(size, who=ben)
    page = watched.page
    checkout(page, event)
    wish = {"eventId": event["eventId"], "items": [{"ticketTypeId": kind(event), "quantity": 1}]}
    assert cy.call("POST", "/bookings", wish)[0] == 201
    eventually(lambda: cy.call("GET", f"/events/{event['eventId']}")[1]["ticketTypes"][0]["availability"], 0)
    page.get_by_role("button", name="Hold").click()
    at(page, "What you chose is sold out")
    expect(page.get_by_label("Balcony", exact=True)).to_have_value("1")
    page.get_by_role("button", name="Take these").click()
    page.get_by_role("button", name="Hold").click()
    at(page, "1 place is yours")
    assert wrong(watched) == []


def test_sold_out_names_other_dates_and_events_like_it(window, size, ada, ben, cy):
    title, category = f"Lieder {ada.username[-6:]}", f"lieder-{ada.username[-6:]}"
    event = ada.lists(title=title, category=category, capacity=1)
    later = ada.lists(title=title, category=category)
    like = ada.lists(title=f"Songs {ada.username[-6:]}", category=category)
    assert cy.books(event)[0] == 201
    watched = window(size, who=ben)
    page = watched.page
    checkout(page, event)
    page.get_by_role("button", name="Hold").click()
    at(page, "Sold out, a moment ago")
    other = page.get_by_role("region", name="Other dates").get_by_role("link", name=title)
    expect(other).to_have_attribute("href", re.compile(later["eventId"]))
    expect(
        page.get_by_role("region", name="More like this").get_by_role("link", name=like["title"])
    ).to_be_visible()
    other.click()
    at(page, title)
    expect(page.get_by_role("button", name="Get tickets")).to_be_visible()
    assert wrong(watched) == []


def test_too_many_and_not_yet_are_explained(window, size, ada, ben):
    watched = window(size, who=ben)
    page = watched.page
    checkout(page, ada.lists(maxPerPerson=1), 2)
    page.get_by_role("button", name="Hold").click()
    expect(page.get_by_role("alert")).to_contain_text("it is 1 place for each person")
    page.get_by_role("main").get_by_role("link", name="My tickets").click()
    at(page, "My tickets")
    later = ada.lists(salesStart=f"{time.gmtime().tm_year + 2}-01-01T10:00:00+01:00")
    checkout(page, later)
    page.get_by_role("button", name="Hold").click()
    at(page, "Not on sale yet")
    assert wrong(watched) == []


def test_a_lapsed_hold_is_held_again_in_one_click(window, ada, ben, cy):
    event = ada.lists(holdMinutes=1)
    people = {"phone": ben, "desktop": cy}  # both wait in the same minute
    windows = {who: window(size, who=who) for size, who in people.items()}
    for watched in windows.values():
        hold(watched.page, event)
    for who, watched in windows.items():
        page = watched.page
        expect(page.get_by_role("heading", level=1)).to_have_text("Your hold has ended", timeout=100_000)
        page.get_by_role("button", name="Hold them again").click()
        at(page, "1 place is yours")
        assert [each["status"] for each in bookings(who)] == ["held", "expired"]
        assert charged(who) == []
        assert wrong(watched) == []


FAST = "const now = Date.now; Date.now = () => now() + 3_600_000;"  # a clock that is an hour ahead


def test_a_fast_clock_on_the_device_does_not_matter(window, size, ada, ben, event):
    watched = window(size, who=ben)
    page = watched.page
    page.add_init_script(FAST)
    hold(page, event)
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^1[45]:\d\d$"))
    later = ada.lists(salesStart=(datetime.now(UTC) + timedelta(minutes=30)).isoformat())
    page.goto(f"/e/{later['eventId']}")
    expect(page.locator("[data-left]")).to_have_text(re.compile(r"^(30:00|29:\d\d)$"))
    assert wrong(watched) == []


def test_a_page_that_comes_too_late_again_and_again_is_loaded_anew_three_times(window, ada):
    """As from a copy kept on the way: it tells each time that a second is left."""
    event = ada.lists(salesStart=(datetime.now(UTC) + timedelta(minutes=30)).isoformat())
    page, came = window("desktop").page, []

    def kept(route):
        came.append(route.request.url)
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r'data-left="\d+"', 'data-left="1"', answer.text()))

    page.goto(f"/e/{event['eventId']}")
    here = page.url
    page.route(here, kept)
    page.goto(here)
    for times in (4, 5):
        if times == 5:
            page.reload()  # a person may, as often as they like
        eventually(lambda times=times: [page.wait_for_timeout(100), len(came)][1], times)
        expect(page.locator("[data-over]")).to_have_text("0:00")
        page.wait_for_timeout(3_000)
        assert len(came) == times


def test_a_free_place_needs_no_payment(window, size, ada, ben):
    watched = window(size, who=ben)
    page = watched.page
    checkout(page, ada.lists(price=0))
    page.get_by_role("button", name="Book 1 place").click()
    at(page, "You’re in")
    page.get_by_role("link", name="Cancel this booking").click()
    expect(page.get_by_text("It was free, so there is nothing to refund.")).to_be_visible()
    assert wrong(watched) == []


def test_too_late_to_cancel_is_explained(window, size, ada, ben):
    event = ada.lists(price=0, cancelUntil="2020-01-01T10:00:00Z")
    watched = window(size, who=ben)
    page = watched.page
    checkout(page, event)
    page.get_by_role("button", name="Book 1 place").click()
    page.get_by_role("link", name="What can I do?").click()
    at(page, "It is too late to cancel")
    expect(page.get_by_text(ada.username)).to_be_visible()
    assert wrong(watched) == []


def test_an_event_that_was_attended_is_reviewed(window, size, ada, ben):
    event = ada.lists(price=0, **soon_over())
    assert ben.books(event)[0] == 201
    watched = window(size, who=ben)
    page = watched.page
    page.goto(f"/e/{event['eventId']}/review")
    expect(page.get_by_text("It is not over yet")).to_be_visible()
    review = page.get_by_role("button", name="Publish my review")
    for _ in range(100):
        page.goto(f"/e/{event['eventId']}/review")
        if review.count():
            break
        page.wait_for_timeout(200)
    page.locator("label[for=rate-4]").click()
    page.get_by_label("How was it?", exact=True).fill("Short, but <b>sweet</b>.")
    review.click()
    expect(page.get_by_text("Thank you. Your review is published.")).to_be_visible()
    page.goto("/my/reviews")
    expect(page.get_by_text("Short, but <b>sweet</b>.")).to_be_visible()
    page.goto(f"/e/{event['eventId']}/review")
    page.locator("label[for=rate-1]").click()
    page.get_by_label("How was it?", exact=True).fill("Again")
    page.get_by_role("button", name="Publish my review").click()
    expect(page.get_by_role("alert")).to_contain_text("You have reviewed this event already")
    assert wrong(watched) == []
