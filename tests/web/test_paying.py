"""Paying by the page: once, however often it is sent; what went wrong is told, and the hold stands."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from frontrow.services.payments.models import SandboxCharge
from tests.cast import settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(ada, ben):
    return ben.books(ada.lists(), 2)


def page_of(browser, booking):
    return browser.get(f"/my/bookings/{booking['bookingId']}").content.decode()


def pay(browser, booking, card="pm_card_visa", attempt=0):
    return browser.post(f"/my/bookings/{booking['bookingId']}/pay", {"card": card, "attempt": str(attempt)})


def charges():
    return list(SandboxCharge.objects.values_list("status", flat=True))


def test_a_hold_shows_its_clock_what_it_costs_and_the_cards(visit, ben, booking):
    text = page_of(visit(ben), booking)
    assert "2 places are yours until the clock stops" in text
    left = int(re.search(r'role="timer" data-left="(\d+)"', text)[1])
    assert 0 < left <= 15 * 60
    assert "Pay €50" in text
    assert 'value="pm_card_visa"' in text
    assert "4242" in text
    assert "Pays at once" in text
    assert "no money moves" in text


def test_a_payment_leads_to_the_ticket(visit, ben, booking):
    browser = visit(ben)
    answer = pay(browser, booking)
    assert (answer.status_code, answer["Location"]) == (303, f"/my/bookings/{booking['bookingId']}")
    assert "Paid. Your tickets are being made" in page_of(browser, booking)
    settle()
    text = page_of(browser, booking)
    assert "You’re in" in text
    assert f"/e/{booking['eventId']}/calendar.ics" in text
    assert f"/my/bookings/{booking['bookingId']}/cancel" in text


def test_sent_again_and_again_it_is_one_charge(visit, ben, booking):
    browser = visit(ben)
    for _ in range(3):
        assert pay(browser, booking)["Location"].startswith(f"/my/bookings/{booking['bookingId']}")
    settle()
    assert "nothing-due" in pay(browser, booking, "pm_card_amex")["Location"]
    assert charges() == ["succeeded"]


@pytest.mark.parametrize(("card", "words"), [
    ("pm_card_chargeDeclined", "The card was declined."),
    ("pm_card_chargeDeclinedInsufficientFunds", "There is not enough money on this card."),
    ("pm_card_chargeDeclinedExpiredCard", "This card has expired."),
])  # fmt: skip
def test_a_declined_card_is_explained_and_another_one_pays(visit, ben, booking, card, words):
    browser = visit(ben)
    assert pay(browser, booking, card).status_code == 303
    text = page_of(browser, booking)
    assert 'role="alert"' in text
    assert words in text
    assert "The hold still stands" in text
    assert 'name="attempt" value="1"' in text
    pay(browser, booking, "pm_card_visa", 1)
    settle()
    assert "You’re in" in page_of(browser, booking)
    assert sorted(charges()) == ["failed", "succeeded"]


def test_a_bank_that_asks_is_visited_here_and_another_card_may_be_taken_instead(
    visit, ben, booking, settings
):
    browser = visit(ben)
    bank = pay(browser, booking, "pm_card_authenticationRequired")["Location"]
    assert bank.startswith("/sandbox/")
    text = page_of(browser, booking)
    assert "Your bank is waiting for you" in text
    assert f'href="{bank}"' in text
    assert pay(browser, booking, "pm_card_authenticationRequired")["Location"] == bank
    pay(browser, booking, "pm_card_visa")
    settle()
    assert "You’re in" in page_of(browser, booking)
    assert sorted(charges()) == ["failed", "succeeded"]


def test_without_an_answer_the_page_looks_again_and_ends_by_itself(visit, ben, booking, time_machine):
    browser = visit(ben)
    pay(browser, booking, "pm_card_timeoutAfterCharge")
    text = page_of(browser, booking)
    assert "Your payment is on its way" in text
    assert 'hx-trigger="every 2s"' in text
    here = f"/my/bookings/{booking['bookingId']}"
    assert browser.get(here, headers={"HX-Request": "true"}).status_code == 204
    settle(timezone.now() + timedelta(seconds=30))
    assert browser.get(here, headers={"HX-Request": "true"})["HX-Redirect"] == here
    assert "You’re in" in page_of(browser, booking)


def test_a_lapsed_hold_is_held_again_by_one_click(visit, ben, booking):
    browser = visit(ben)
    settle(timezone.now() + timedelta(minutes=20))
    text = page_of(browser, booking)
    assert "Your hold has ended" in text
    assert "Nothing was charged" in text
    kind = booking["items"][0]["ticketTypeId"]
    assert f'name="{kind}" value="2"' in text
    assert f'name="seen" value="{booking["bookingId"]}"' in text
    wish = {kind: "2", "seen": booking["bookingId"]}
    answers = {browser.post(f"/e/{booking['eventId']}/book", wish)["Location"] for _ in range(2)}
    assert len(answers) == 1
    assert "are yours until" in browser.get(answers.pop()).content.decode()
    assert len(ben.get("/bookings")[1]["items"]) == 2


def test_paying_too_late_leads_to_what_can_be_done(visit, ben, booking):
    browser = visit(ben)
    settle(timezone.now() + timedelta(minutes=20))
    assert pay(browser, booking)["Location"].endswith("?note=nothing-due")
    assert charges() == []


def test_no_card_and_an_unknown_card_are_asked_for(visit, ben, booking):
    for card in ("", "pm_card_mine"):
        assert pay(visit(ben), booking, card)["Location"].endswith("?note=choose-card")


def test_while_payments_is_away_the_hold_stands(visit, ben, booking, monkeypatch):
    from frontrow.chassis import http
    from frontrow.chassis.refusals import Unavailable

    ask = http.ask

    def away(service, *words, **named):
        if service == "payments":
            raise Unavailable
        return ask(service, *words, **named)

    monkeypatch.setattr(http, "ask", away)
    browser = visit(ben)
    assert "Paying is not possible right now" in page_of(browser, booking)
    answer = pay(browser, booking)
    assert answer["Location"].endswith("?note=payment-unknown")
    assert "you are not charged twice" in browser.get(answer["Location"]).content.decode()


def test_a_stranger_pays_for_nobody(visit, cy, booking):
    assert pay(visit(cy), booking).status_code == 404
    assert visit(cy).get(f"/my/bookings/{booking['bookingId']}").status_code == 404
    assert charges() == []


def test_the_address_of_the_form_leads_to_the_booking_when_read(visit, ben, booking):
    here = f"/my/bookings/{booking['bookingId']}"
    assert visit(ben).get(f"{here}/pay")["Location"] == here


def test_each_of_many_tries_is_a_try_of_its_own(visit, ben, booking):
    browser = visit(ben)
    for attempt in range(22):
        pay(browser, booking, "pm_card_chargeDeclined", attempt)
    assert 'name="attempt" value="22"' in page_of(browser, booking)
