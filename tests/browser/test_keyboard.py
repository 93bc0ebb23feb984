"""Every story by keyboard alone: Tab, Enter, arrows and space."""

from playwright.sync_api import expect

from tests.journeys.traveller import PASSWORD, eventually

from .keys import press, reach, write
from .test_booking import at, charged, checkout, hold
from .test_organizing import sold


def test_an_account_is_made_spoken_to_in_french_and_left(window, ada):
    page = window("desktop").page
    name = f"dora-{ada.username[-8:]}"
    page.goto("/")
    press(page, "Sign up")
    at(page, "Make an account")
    for field, words in {"Your name": "Dora", "E-mail": f"{name}@example.org", "Username": name}.items():
        write(page, field, words)
    write(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Notifications")).to_be_visible()
    press(page, "Account and menu")
    press(page, "Français")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    press(page, "Compte et menu")
    press(page, "Se déconnecter")
    expect(page.get_by_role("link", name="Se connecter").first).to_be_visible()


def test_signing_in_choosing_paying_and_giving_back(window, ada, ben):
    event = ada.lists(capacity=5)
    page = window("desktop").page
    checkout(page, event)
    press(page, "Sign in")
    at(page, "Welcome back")
    write(page, "Username or e-mail", ben.username)
    write(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    at(page, "Your choice")
    press(page, "Hold 1 place and pay")
    at(page, "1 place is yours")
    press(page, "Pay €49")
    at(page, "You’re in")
    press(page, "Cancel this booking")
    at(page, "Give these places back?")
    press(page, "Yes, cancel my booking")
    at(page, "This booking is cancelled")
    assert len(charged(ben)) == 1


def test_another_card_is_chosen_with_the_arrows(window, ada, ben):
    page = window("desktop", who=ben).page
    hold(page, ada.lists())
    reach(page, "Visa")
    for _ in range(10):
        if page.evaluate("document.activeElement.labels[0].textContent.includes('Is declined')"):
            break
        page.keyboard.press("ArrowDown")
    press(page, "Pay €49")
    expect(page.get_by_role("alert")).to_contain_text("The card was declined.")


def test_notifications_are_opened_and_marked(window, ada, ben):
    ben.books(ada.lists(price=0))
    unread = f"/notifications/{ben.user_id}/unread"
    eventually(lambda: ben.call("GET", unread)[1]["unread"], 2)
    page = window("desktop", who=ben).page
    page.goto("/")
    press(page, "Notifications, 2 unread")
    at(page, "Notifications")
    press(page, "Mark all as read")
    eventually(lambda: ben.call("GET", unread)[1]["unread"], 0)


def test_a_part_is_refunded_and_an_event_cancelled(window, ada, ben):
    event = ada.lists(price=1250)
    booking = sold(ben, event)
    page = window("desktop", who=ada).page
    page.goto(f"/organize/{event['eventId']}/bookings/{booking['bookingId']}")
    reach(page, "All that is left")
    page.keyboard.press("ArrowDown")
    write(page, "Amount, if in part", "5")
    press(page, "Refund")
    expect(page.get_by_text("€5 went back")).to_be_visible()
    page.goto(f"/organize/{event['eventId']}")
    press(page, "Cancel event")
    at(page, f"Cancel “{event['title']}”?")
    reach(page, "Yes, cancel this event for everybody")
    page.keyboard.press("Space")
    press(page, "Cancel event")
    expect(page.get_by_text("The event is cancelled. Everybody is told")).to_be_visible()
