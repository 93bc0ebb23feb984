"""A booking of my event, and its money back: in part, in full, once."""

import re

import pytest

from frontrow.chassis import http
from frontrow.chassis.refusals import Unavailable
from tests.cast import settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(ada):
    return ada.lists(price=1250)


@pytest.fixture
def booking(event, ben):
    booking = ben.books(event, 2)
    assert (
        ben.post("/payments", {"bookingId": booking["bookingId"], "paymentMethod": "pm_card_visa"})[0] == 201
    )
    settle()
    return booking


@pytest.fixture
def path(event, booking):
    return f"/organize/{event['eventId']}/bookings/{booking['bookingId']}"


def hidden(page):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def sent(browser, path, **fields):
    """The form of the page, filled in."""
    return {**hidden(browser.get(path).content.decode()), "how": "part", "amount": "", "reason": "", **fields}


def payment(ben, booking):
    return ben.get(f"/payments?bookingId={booking['bookingId']}")[1]["items"][0]


def test_a_booking_shows_its_tickets_and_what_was_paid(visit, ada, path):
    page = visit(ada).get(path).content.decode()
    assert "2 × Ticket" in page
    assert "€25" in page
    assert "A full refund cancels the booking" in page


def test_a_part_goes_back_and_the_booking_stands(visit, ada, ben, booking, path):
    browser = visit(ada)
    answer = browser.post(path, sent(browser, path, amount="7,50"))
    assert answer["Location"] == f"{path}?note=refunded"
    settle()
    assert payment(ben, booking)["refundedAmount"] == 750
    assert ben.get(f"/bookings/{booking['bookingId']}")[1]["status"] == "confirmed"
    assert "€7.50 went back" in browser.get(path).content.decode()


def test_all_goes_back_and_the_booking_is_cancelled(visit, ada, ben, booking, path):
    browser = visit(ada)
    assert browser.post(path, sent(browser, path, how="full")).status_code == 303
    settle()
    assert payment(ben, booking)["status"] == "refunded"
    assert ben.get(f"/bookings/{booking['bookingId']}")[1]["status"] == "cancelled"
    page = browser.get(path).content.decode()
    assert "Refunded in full" in page
    assert "Give money back" not in page


def test_sent_twice_from_one_page_it_goes_back_once(visit, ada, ben, booking, path):
    browser = visit(ada)
    form = sent(browser, path, amount="5")
    assert [browser.post(path, form).status_code for _ in range(2)] == [303, 303]
    assert payment(ben, booking)["refundedAmount"] == 500
    browser.post(path, sent(browser, path, amount="5"))  # from the page as it is now: one more
    assert payment(ben, booking)["refundedAmount"] == 1000


def test_another_amount_from_an_old_page_is_asked_about_again(visit, ada, ben, booking, path):
    browser = visit(ada)
    form = sent(browser, path, amount="5")
    browser.post(path, form)
    answer = browser.post(path, {**form, "amount": "6"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "A refund was just given" in page
    assert payment(ben, booking)["refundedAmount"] == 500
    assert browser.post(path, {**hidden(page), "how": "part", "amount": "6"}).status_code == 303
    assert payment(ben, booking)["refundedAmount"] == 1100


@pytest.mark.parametrize(("amount", "words"), [
    ("25,01", "That is more than what is left: €25"), ("", "Enter an amount"), ("much", "Enter an amount"),
    ("0", "above zero"), ("-1", "Enter an amount"),
])  # fmt: skip
def test_a_wrong_amount_is_explained(visit, ada, ben, booking, path, amount, words):
    browser = visit(ada)
    answer = browser.post(path, sent(browser, path, amount=amount))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert payment(ben, booking)["refundedAmount"] == 0


def test_what_went_back_meanwhile_is_explained(visit, ada, ben, booking, path):
    browser = visit(ada)
    form = sent(browser, path, how="full")
    paid = payment(ben, booking)["paymentId"]
    assert ada.post("/refunds", {"paymentId": paid})[0] == 201
    answer = browser.post(path, form)
    assert answer.status_code == 422
    assert "All of this payment has gone back already." in answer.content.decode()


def test_a_booking_without_payment_has_nothing_to_give_back(visit, ada, ben, event):
    booking = ben.books(event)
    page = visit(ada).get(f"/organize/{event['eventId']}/bookings/{booking['bookingId']}").content.decode()
    assert "Nothing was paid for this booking" in page
    assert "Give money back" not in page


def test_while_payments_is_away_the_booking_is_still_shown(visit, ada, path, monkeypatch):
    ask = http.ask

    def asked(service, *words, **named):
        if service == "payments":
            raise Unavailable
        return ask(service, *words, **named)

    monkeypatch.setattr(http, "ask", asked)
    answer = visit(ada).get(path)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "2 × Ticket" in page
    assert "Payments cannot be told right now" in page
    assert "Nothing was paid" not in page
    assert "Give money back" not in page


def test_a_payment_of_another_booking_is_not_refunded_here(visit, ada, ben, booking, path):
    browser = visit(ada)
    answer = browser.post(
        path, sent(browser, path, how="full", payment="019a0000-0000-7000-8000-000000000000")
    )
    assert answer.status_code == 404
    assert payment(ben, booking)["refundedAmount"] == 0
