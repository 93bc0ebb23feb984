"""Finding an event and reading its page, in windows of both sizes, by mouse, finger and keyboard."""

import gzip
import re
import secrets
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.journeys.traveller import eventually, soon_over

from .keys import tab_until
from .test_every_page import HEAVY, SHIFTS, WEIGHT

EVIL = "<script>document.title = 'taken'</script>"
ENTERED = "[...document.querySelectorAll('input, textarea')].map((each) => each.value).join()"
PAGE = 12  # events


@pytest.fixture
def word():
    """One that no other test's event has."""
    return f"w{secrets.token_hex(5)}"


@pytest.fixture
def many(ada, word):
    """More events than a page shows, one after the other."""
    return [ada.lists(title=f"{word} {number:02}", date=at(f"07-{number + 1:02}T19:30"),
                      endDate=at(f"07-{number + 1:02}T23:00")) for number in range(2 * PAGE + 2)]  # fmt: skip


def at(day):
    return f"{datetime.now(UTC).year + 3}-{day}:00+02:00"


def cards(page):
    return page.locator("#found").get_by_role("article")


def test_what_is_typed_is_looked_for(window, size, ada, word):
    ada.lists(title=f"Jazz {word}", category="talk")
    ada.lists(title=f"Folk {word}", location=f"Hall, {word}")
    shown = window(size)
    page = shown.page
    page.goto("/")
    page.get_by_role("searchbox", name="Search by artist, event or place").press_sequentially(f"{word} jaz")
    expect(cards(page)).to_have_count(1)
    expect(cards(page)).to_contain_text(f"Jazz {word}")
    expect(page).to_have_url(re.compile(rf"/\?q={word}\+jaz$"))
    expect(page.locator("#said")).to_have_text("1 event")
    page.reload(wait_until="networkidle")
    expect(cards(page)).to_have_count(1)
    page.get_by_role("link", name="Without: “").click()
    expect(page.get_by_role("heading", name="Coming up")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("searchbox", name="Search by artist")).to_have_value(f"{word} jaz")
    assert shown.complaints == shown.elsewhere == []


def test_filters_narrow_at_once_and_can_be_shared(window, size, ada, word):
    for changes in ({"price": 0}, {"price": 900}, {"price": 900, "currency": "USD"}, {"category": "talk"}):
        ada.lists(**{"title": f"Set {word}", "category": word, **changes})
    shown = window(size)
    page = shown.page
    page.goto(f"/?q={word}")
    expect(cards(page)).to_have_count(4)
    page.get_by_text("More filters").click()
    page.get_by_label("At most").fill("10")
    page.get_by_label("Currency").select_option("EUR")
    expect(cards(page)).to_have_count(2)
    page.get_by_text("Free only").click()
    expect(cards(page)).to_have_count(1)
    expect(page.get_by_label("At most")).to_be_hidden()
    expect(page).to_have_url(re.compile(rf"/\?q={word}&free=1$"))
    page.get_by_text("This weekend").click()
    expect(page.get_by_role("heading", name="No event fits all of that")).to_be_visible()
    expect(page.get_by_label("From", exact=True)).to_be_hidden()
    friend = window("desktop").page
    friend.goto(page.url)
    friend.get_by_role("link", name="Without: This weekend").click()
    expect(cards(friend)).to_have_count(1)
    assert shown.complaints == []


def read_on(page) -> int:
    """Scroll to what comes next, and not past it; how many events there are."""
    if page.evaluate(
        "(document.querySelector('.endless')?.getBoundingClientRect().top ?? 0) > innerHeight * 1.2"
    ):
        page.mouse.wheel(0, 150)
    return cards(page).count()


def test_the_list_goes_on_as_one_reads(window, size, word, many):
    shown = window(size)
    page = shown.page
    page.goto(f"/?q={word}")
    expect(cards(page)).to_have_count(PAGE)
    assert page.evaluate(WEIGHT) <= HEAVY
    for count in (2 * PAGE, len(many)):
        eventually(lambda count=count: read_on(page) >= count, True)
    expect(page.get_by_role("link", name="Show more")).to_have_count(0)
    assert len({*page.locator("#found h3").all_inner_texts()}) == len(many)
    assert page.evaluate(SHIFTS) <= 0.02
    assert shown.complaints == []


def test_without_script_a_form_and_pages_do_the_same(window, size, word, many):
    page = window(size, java_script_enabled=False).page
    page.goto("/")
    page.get_by_role("searchbox", name="Search by artist").fill(word)
    page.get_by_role("main").get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile(rf"/\?q={word}$"))
    expect(cards(page)).to_have_count(PAGE)
    page.get_by_role("link", name="Show more").click()
    expect(cards(page).first).to_contain_text(f"{word} {PAGE}")
    page.get_by_role("link", name=f"{word} {PAGE}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{word} {PAGE}")
    expect(page.get_by_role("spinbutton")).to_have_value("1")
    page.get_by_role("button", name="Get tickets").click()
    expect(page).to_have_url(re.compile(r"/e/[^/]+/checkout\?|/signin\?"))


def test_all_of_it_by_keyboard(window, ada, word, many):
    """To the search, through the filters to the events, past the end of a page, and to a choice of tickets."""
    shown = window("desktop")
    page, key = shown.page, shown.page.keyboard
    page.goto("/")
    focused = "document.activeElement"
    tab_until(page, f"{focused}.id === 'q'")
    key.type(word)
    expect(page).to_have_url(re.compile(rf"/\?q={word}$"))
    expect(cards(page).first).to_contain_text(f"{word} 00")
    assert page.evaluate(f"{focused}.id") == "q"
    tab_until(page, f"{focused}.closest('#found article') !== null")
    for number in range(PAGE + 2):
        expect(page.locator(":focus")).to_have_text(f"{word} {number:02}")
        if number == PAGE - 1:
            expect(cards(page).nth(PAGE)).to_be_attached()  # before one gets there
        tab_until(page, f"{focused}.closest('#found article a') !== null")
    key.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{word} {PAGE + 2}")
    tab_until(page, f"{focused}.matches('input[type=number]')")
    key.press("ArrowUp")
    expect(page.locator("[data-total]")).to_have_text("€98")
    tab_until(page, f"{focused}.matches('#choose .button')")
    key.press("Enter")
    expect(page).to_have_url(re.compile(r"/e/[^/]+/checkout\?|/signin\?"))
    assert shown.complaints == []


def test_what_is_found_anew_takes_the_focus_from_nobody(window, word, many):
    """Who types slowly may be among the events by the time the last letters are looked for."""
    shown = window("desktop")
    page = shown.page
    page.goto(f"/?q={word}")
    page.get_by_role("link", name=f"{word} 03").focus()
    page.evaluate("document.querySelector('#found').dataset.old = 'yes'; htmx.trigger('#find', 'submit')")
    expect(page.locator("#found:not([data-old])")).to_be_attached()
    expect(page.locator(":focus")).to_have_text(f"{word} 03")
    assert shown.complaints == []


def test_an_open_page_follows_what_is_sold(window, size, ada, ben):
    event = ada.lists(capacity=3)
    shown = window(size)
    page = shown.page
    page.clock.install()
    page.goto(f"/e/{event['eventId']}")
    row = page.locator(".ticket-type")
    expect(row).to_contain_text("only 3 left")
    page.get_by_role("spinbutton").fill("2")
    assert ben.books(event)[0] == 201
    looks_again(page, row, "only 2 left")
    expect(page.get_by_role("spinbutton")).to_have_value("2")
    expect(page.locator("#told")).to_have_text("Ticket: 2 left.")
    status, booking = ben.books(event, 2)
    assert status == 201
    looks_again(page, page.locator("#tickets"), "Every ticket is taken")
    expect(page.locator("#choose")).to_have_count(0)
    assert ben.call("DELETE", f"/bookings/{booking['bookingId']}")[0] == 200
    looks_again(page, row, "only 2 left")
    expect(page.get_by_role("button", name="Get tickets")).to_be_visible()
    assert shown.complaints == []


def looks_again(page, place, words):
    """Let the page's clock pass until it shows something; what is sold is told a moment later."""

    def shows():
        page.clock.run_for(11_000)
        page.wait_for_load_state("networkidle")
        return words in place.first.inner_text()

    eventually(shows, True)


@pytest.mark.parametrize(
    ("zone", "local"),
    [("Asia/Tokyo", r"^That is \w+,? 02:30 where you are\.$"), ("Europe/Paris", None)],
)
def test_a_visitor_elsewhere_sees_their_own_time(window, size, ada, zone, local):
    event = ada.lists()
    shown = window(size, timezone_id=zone)
    shown.page.goto(f"/e/{event['eventId']}")
    header = shown.page.locator(".event-header")
    expect(header).to_contain_text("19:30")
    expect(header).to_contain_text("Berlin time")
    told = header.locator("[data-local]")
    if local:
        expect(told).to_have_text(re.compile(local))
    else:
        expect(told).to_be_hidden()
    assert shown.page.evaluate(SHIFTS) <= 0.02
    assert shown.complaints == []


def test_what_people_wrote_stays_text(window, size, ada, ben, word):
    ben.call("PUT", "/profile", {"profileInfo": {"displayName": f"Ben {EVIL}"}})
    event = ada.lists(title=f"{word} {EVIL}", description=f"See {EVIL} https://example.org/?a=1&b={EVIL}",
                      location=f"Hall {EVIL}", category=f"{word}{EVIL}"[:60], price=0, **soon_over())  # fmt: skip
    assert ben.books(event)[0] == 201
    review = {"eventId": event["eventId"], "rating": 5, "comment": f"So {EVIL}"}
    eventually(lambda: ben.call("POST", "/reviews", review)[0], 201)
    shown = window(size)
    page = shown.page
    eventually(lambda: [page.goto(f"/e/{event['eventId']}"), page.locator(".review").count()][1], 1)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{word} {EVIL}")
    expect(page.locator(".review")).to_contain_text(f"So {EVIL}")
    expect(page.locator(".review")).to_contain_text(f"Ben {EVIL}")
    expect(page).to_have_title(f"{word} {EVIL} · Frontrow")
    page.goto(f"/?q={word}&sort=rating")
    expect(cards(page)).to_contain_text(EVIL)
    expect(page).to_have_title(re.compile(word))
    assert shown.complaints == []


def test_what_people_call_themselves_and_their_tickets_stays_text_wherever_it_stands(
    window, size, ada, ben, word
):
    for who in (ada, ben):
        assert (
            who.call("PUT", "/profile", {"profileInfo": {"displayName": f"{who.username} {EVIL}"}})[0] == 200
        )
    kinds = [{"name": f"Row {EVIL}", "price": 1250, "currency": "EUR", "capacity": 9}]
    event = ada.lists(title=word, ticketTypes=kinds)
    wish = {
        "eventId": event["eventId"],
        "items": [{"ticketTypeId": event["ticketTypes"][0]["ticketTypeId"], "quantity": 1}],
    }
    status, booking = ben.call("POST", "/bookings", wish)
    assert status == 201, booking
    here, mine = f"/organize/{event['eventId']}", f"/my/bookings/{booking['bookingId']}"
    words = {"subject": f"Doors {EVIL}", "message": f"At seven {EVIL}", "eventId": event["eventId"]}
    assert ada.call("POST", "/notifications", words)[0] in {201, 202}
    told = f"/notifications/{ben.user_id}?kind=organizer_message"
    eventually(lambda: len(ben.call("GET", told)[1]["items"]), 1)
    pages = {ada: (here, f"{here}/edit", f"{here}/people", f"{here}/bookings/{booking['bookingId']}"),
             ben: (f"/e/{event['eventId']}", mine, f"{mine}/cancel", "/my/notifications", "/account")}  # fmt: skip
    for who, paths in pages.items():
        shown = window(size, who=who)
        for path in paths:
            shown.page.goto(path)
            assert EVIL in shown.page.locator("body").inner_text() + shown.page.evaluate(ENTERED), path
            assert shown.page.title() != "taken"
        assert shown.complaints == shown.elsewhere == []


def test_reviews_are_sorted_in_place_and_by_links(window, size, ada, ben, cy):
    event = ada.lists(price=0, **soon_over())
    assert [who.books(event)[0] for who in (ben, cy)] == [201, 201]
    for rating, who in ((2, ben), (5, cy)):
        review = {"eventId": event["eventId"], "rating": rating, "comment": f"{rating} of 5"}
        eventually(lambda who=who, review=review: who.call("POST", "/reviews", review)[0], 201)
    for script in (True, False):
        shown = window(size, java_script_enabled=script)
        page = shown.page
        eventually(
            lambda page=page: [page.goto(f"/e/{event['eventId']}"), page.locator(".review").count()][1], 2
        )
        said = page.locator(".review .said")
        expect(said).to_have_text(["5 of 5", "2 of 5"])
        page.get_by_role("link", name="Most critical first").click()
        expect(said).to_have_text(["2 of 5", "5 of 5"])
        expect(page).to_have_url(re.compile(r"\?sort=lowest(#reviews)?$"))
        expect(page.get_by_role("link", name="Most critical first")).to_have_attribute("aria-current", "true")
        expect(page.locator(".rating-big")).to_have_text("3.5")
        assert shown.complaints == []


def test_the_longest_pages_are_no_heavier(window, ada):
    kinds = [{"name": f"Row {n}, seats {n} to {n + 20} on the left", "price": 1000 + n, "currency": "EUR",
              "capacity": 20} for n in range(50)]  # fmt: skip
    event = ada.lists(description="Word " * 3_900, ticketTypes=kinds)
    page, finished = window("phone", who=ada).page, []
    page.on("requestfinished", lambda asked: finished.append(asked))
    for path in (f"/e/{event['eventId']}", f"/organize/{event['eventId']}/edit"):
        finished.clear()
        page.goto(path, wait_until="networkidle")
        assert 30_000 < sum(len(compressed(asked)) for asked in list(finished)) <= HEAVY, path


def compressed(asked):
    """What the gateway sends: everything but pictures is text, and text is compressed."""
    if asked.resource_type == "image" or asked.redirected_to:
        return b""
    return gzip.compress(asked.response().body(), 5)


def test_an_event_can_be_kept_and_shared(window, ada):
    event = ada.lists(title="Kept")
    shown = window("desktop", permissions=["clipboard-read", "clipboard-write"])
    page = shown.page
    page.goto(f"/e/{event['eventId']}")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Add to calendar").click()
    assert saved.value.suggested_filename == "kept.ics"
    assert "SUMMARY:Kept" in saved.value.path().read_text()
    page.evaluate("delete Navigator.prototype.share")
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_text("The link is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").endswith(f"/e/{event['eventId']}/kept")
