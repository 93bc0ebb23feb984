"""Organisers' stories in Chromium, on a phone and on a desk, with and without JavaScript."""

import csv
import re
import time
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.chromium import barriers
from tests.journeys.traveller import eventually

YEAR = time.gmtime().tm_year + 2
FIELDS = {
    "Title": "Lieder <b>& more</b>", "Category": "concert", "Begins": f"{YEAR}-05-01T20:00", "Ends": f"{YEAR}-05-01T23:00",
    "Place": "Konzerthaus, Berlin", "Ticket": "Stalls", "Price": "12,50", "How many": "10",
}  # fmt: skip

LEFT = re.compile(r"status of 422|favicon")  # pages that say no, and a picture not waited for


def fill_in(page: Page, **changes: str) -> None:
    for label, words in {**FIELDS, **changes}.items():
        page.get_by_label(re.compile(rf"^{label}\b")).first.fill(words)
    page.get_by_label("Time zone of the place").select_option("Europe/Berlin")


def sold(ben, event, quantity=2):
    """A booking of Ben's that is paid for."""
    status, booking = ben.books(event, quantity)
    assert status == 201, booking
    body = {"bookingId": booking["bookingId"], "paymentMethod": "pm_card_visa"}
    assert ben.call("POST", "/payments", body)[0] == 201
    eventually(lambda: ben.call("GET", f"/bookings/{booking['bookingId']}")[1]["status"], "confirmed")
    return booking


def right(watched) -> None:
    """Nothing complains, nobody else was asked, and nobody is kept out."""
    said = [each for each in watched.complaints if not LEFT.search(each)]
    assert said == []
    assert watched.elsewhere == []
    assert barriers(watched.page) == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_first_event_is_listed_mended_and_sold(window, ada, size, script):
    watched = window(size, ada, java_script_enabled=script)
    page = watched.page
    page.goto("/organize")
    page.get_by_role("link", name="List your first event").click()
    fill_in(page)
    page.get_by_role("button", name="Add a ticket type").click()
    expect(page.get_by_role("group", name="Ticket type 2")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value(FIELDS["Title"])
    second = page.get_by_role("group", name="Ticket type 2")
    second.get_by_label("Ticket", exact=True).fill("Balcony")
    second.get_by_label("Price").fill("cheap")
    second.get_by_label("How many").fill("5")
    page.get_by_role("button", name="Put it on sale").click()
    expect(page.get_by_role("alert")).to_contain_text("Some things are not right yet")
    expect(second.get_by_text("Enter an amount such as 12.50")).to_be_visible()
    expect(page.get_by_label("Place", exact=True)).to_have_value(FIELDS["Place"])
    if script:
        right(watched)
    second.get_by_label("Price").fill("9")
    page.get_by_role("button", name="Put it on sale").click()
    expect(page.get_by_role("status").first).to_contain_text("Your event is on sale.")
    expect(page.get_by_role("heading", level=1)).to_have_text(FIELDS["Title"])
    page.get_by_role("link", name="Public page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(FIELDS["Title"])
    expect(page.get_by_text("Balcony").first).to_be_visible()


def test_rows_and_preview_change_without_a_reload(window, ada, size):
    watched = window(size, ada)
    page = watched.page
    page.goto("/organize/new")
    page.evaluate("window.stayed = true")
    fill_in(page)
    preview = page.get_by_role("complementary", name="Preview")
    expect(preview).to_contain_text(FIELDS["Title"])
    expect(preview).to_contain_text("€12.50")
    page.get_by_role("button", name="Add a ticket type").click()
    expect(page.get_by_role("group", name="Ticket type 2").get_by_label("Ticket", exact=True)).to_be_focused()
    page.get_by_role("group", name="Ticket type 2").get_by_label("Price").fill("9")
    expect(preview).to_contain_text("from €9")
    page.get_by_role("button", name="Remove ticket type 2").click()
    expect(page.get_by_role("group", name="Ticket type 2")).to_have_count(0)
    expect(preview).to_contain_text("€12.50")
    expect(page.get_by_role("button", name="Add a ticket type")).to_be_focused()
    assert page.evaluate("window.stayed")
    right(watched)


def test_the_form_is_filled_in_by_keyboard_alone(window, ada):
    page = window("desktop", ada).page
    page.goto("/organize/new")
    page.get_by_label("Title").focus()
    for words in ("By keyboard", "talk", "About keys."):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    for label in ("Begins", "Ends"):
        expect(page.get_by_label(label, exact=True)).to_be_focused()
        page.keyboard.type(f"0505{YEAR}")  # whichever of day and month comes first
        page.keyboard.press("Tab")
        page.keyboard.type("0800AM" if label == "Begins" else "1000AM")
        while page.get_by_label(label, exact=True).evaluate("each => each === document.activeElement"):
            page.keyboard.press("Tab")
    page.keyboard.type("Europe/Ber")
    page.keyboard.press("Tab")
    page.keyboard.type("Library, Berlin")
    for words in ("", "", "", "Seat", "0", "3"):  # currency, places in all
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.get_by_label("How many").focus()
    page.keyboard.press("Enter")  # keeps a draft, and publishes nothing
    expect(page.get_by_role("status").first).to_contain_text("Your draft is saved")
    expect(page.get_by_role("heading", level=1)).to_have_text("By keyboard")


def test_a_draft_is_copied_and_published(window, ada, size):
    event = ada.lists(title="The original")
    page = window(size, ada).page
    page.goto(f"/organize/{event['eventId']}")
    page.get_by_role("link", name="Duplicate").click()
    expect(page.get_by_label("Title")).to_have_value("The original")
    expect(page.get_by_label("Begins")).to_have_value("")
    fill_in(page, Title="The copy")
    page.get_by_role("button", name="Save as draft").click()
    page.get_by_role("button", name="Put it on sale").click()
    expect(page.get_by_role("status").first).to_contain_text("Your event is on sale.")
    mine = ada.call("GET", f"/events?organizerId={ada.user_id}")[1]["items"]
    assert {each["title"]: each["status"] for each in mine} == {
        "The original": "published",
        "The copy": "published",
    }


def test_a_picture_is_shown_and_a_wrong_one_explained(window, ada, size, tmp_path: Path):
    event = ada.lists()
    page = window(size, ada).page
    page.goto(f"/organize/{event['eventId']}/edit")
    (tmp_path / "wrong.png").write_bytes(b"no picture")
    page.get_by_label("Choose a picture").set_input_files(tmp_path / "wrong.png")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("status").first).to_contain_text("Everything is saved but the picture")
    Image.new("RGB", (1200, 800), "#bf0f47").save(tmp_path / "right.png")
    page.get_by_label("Choose a picture").set_input_files(tmp_path / "right.png")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("status").first).to_contain_text("Your changes are saved")
    assert ada.call("GET", f"/events/{event['eventId']}")[1]["cover"]
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Remove the picture").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("status").first).to_contain_text("Your changes are saved")
    assert ada.call("GET", f"/events/{event['eventId']}")[1]["cover"] is None


def test_sales_people_and_a_refund_in_part_and_in_full(window, ada, ben, size):
    event = ada.lists(price=1250)
    sold(ben, event)
    watched = window(size, ada)
    page = watched.page
    page.goto("/organize")
    page.get_by_role("link", name=event["title"]).click()
    expect(page.get_by_text("€25").first).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Bars"))).to_be_visible()
    page.get_by_role("link", name="People").click()
    page.get_by_label("Name or e-mail").fill("nobody of that name")
    expect(page.get_by_role("heading", name="Nobody fits")).to_be_visible()
    page.get_by_label("Name or e-mail").fill(ben.username[:8])
    page.get_by_role("link", name=ben.username).click()
    right(watched)
    page.get_by_label("A part of it").check()
    page.get_by_label("Amount, if in part").fill("5")
    page.get_by_role("button", name="Refund").click()
    expect(page.get_by_text("€5 went back")).to_be_visible()
    page.get_by_label("All that is left: €20").check()
    page.get_by_role("button", name="Refund").click()
    expect(page.get_by_text("€25 went back")).to_be_visible()
    eventually(lambda: ben.call("GET", "/bookings")[1]["items"][0]["status"], "cancelled")


def test_people_come_along_as_a_file(window, ada, ben, size, tmp_path: Path):
    event = ada.lists(price=0, title="Clara")
    assert ben.books(event, 2)[0] == 201
    page = window(size, ada).page
    page.goto(f"/organize/{event['eventId']}/people")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert download.value.suggested_filename == "clara-people.csv"
    download.value.save_as(tmp_path / "people.csv")
    with (tmp_path / "people.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["E-mail"], row["Number"]) for row in rows] == [(ben.email, "2")]


def test_a_message_arrives_once_however_often_it_is_pressed(window, ada, ben, size):
    event = ada.lists(price=0)
    assert ben.books(event)[0] == 201
    page = window(size, ada).page
    page.goto(f"/organize/{event['eventId']}/message")
    page.get_by_label("Subject").fill("Doors")
    page.get_by_label("Message").fill("They open at seven.")
    page.get_by_role("button", name="Send to all").dblclick()
    expect(page.get_by_role("status").first).to_contain_text("Your message is on its way")
    path = f"/notifications/{ben.user_id}?kind=organizer_message"
    eventually(lambda: len(ben.call("GET", path)[1]["items"]), 1)
    reader = window(size, ben).page
    reader.goto("/my/notifications")
    expect(reader.get_by_text("They open at seven.").first).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_cancelling_warns_in_numbers_and_wants_a_tick(window, ada, ben, size, script):
    event = ada.lists(price=1250)
    booking = sold(ben, event)
    watched = window(size, ada, java_script_enabled=script)
    page = watched.page
    page.goto(f"/organize/{event['eventId']}")
    page.get_by_role("link", name="Cancel event").click()
    expect(page.get_by_text("2 sold tickets are cancelled.")).to_be_visible()
    expect(page.get_by_text("€25 goes back to those who paid.")).to_be_visible()
    if script:
        right(watched)
    page.get_by_role("button", name="Cancel event").click()  # without the tick nothing happens
    assert ada.call("GET", f"/events/{event['eventId']}")[1]["status"] == "published"
    page.get_by_label("Yes, cancel this event for everybody").check()
    page.get_by_role("button", name="Cancel event").click()
    expect(page.get_by_text("The event is cancelled. Everybody is told")).to_be_visible()
    eventually(lambda: ben.call("GET", f"/bookings/{booking['bookingId']}")[1]["status"], "cancelled")


def test_a_stranger_finds_nothing(window, ada, cy, size):
    event = ada.lists()
    page = window(size, cy).page
    for path in ("", "/edit", "/people", "/message", "/cancel", "/reviews"):
        answer = page.goto(f"/organize/{event['eventId']}{path}")
        assert answer.status == 404, path
        expect(page.get_by_text(event["title"])).to_have_count(0)
