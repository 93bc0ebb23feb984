"""A booking's page, giving it back, and the list of mine."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from frontrow.chassis import http
from frontrow.chassis.refusals import Unavailable
from frontrow.services.users import keys
from frontrow.services.users import user as users
from tests.cast import Actor, settle, soon

pytestmark = pytest.mark.django_db


def paid(actor, booking, card="pm_card_visa"):
    status, payment = actor.post("/payments", {"bookingId": booking["bookingId"], "paymentMethod": card})
    assert status == 201, payment
    settle()
    return payment


def text_of(browser, booking, what=""):
    return browser.get(f"/my/bookings/{booking['bookingId']}{what}").content.decode()


@pytest.fixture
def ticket(ada, ben):
    booking = ben.books(ada.lists(), 2)
    return {**booking, **paid(ben, booking)}


def test_what_comes_back_is_said_before_and_told_after(visit, ben, ticket):
    browser = visit(ben)
    asked = text_of(browser, ticket, "/cancel")
    assert "You get €50 back" in asked
    assert ben.get(f"/bookings/{ticket['bookingId']}")[1]["status"] == "confirmed"
    answer = browser.post(f"/my/bookings/{ticket['bookingId']}/cancel")
    assert answer["Location"] == f"/my/bookings/{ticket['bookingId']}"
    text = text_of(browser, ticket)
    assert "You gave this booking back" in text
    assert "€50 is on its way back to you" in text
    settle()
    assert "€50 went back to you" in text_of(browser, ticket)


def test_a_hold_is_let_go_without_a_charge(visit, ada, ben):
    booking = ben.books(ada.lists())
    browser = visit(ben)
    assert "Nothing was charged so far" in text_of(browser, booking, "/cancel")
    browser.post(f"/my/bookings/{booking['bookingId']}/cancel")
    text = text_of(browser, booking)
    assert "This booking is cancelled" in text
    assert "back to you" not in text


def test_too_late_to_cancel_is_explained_and_whom_to_ask(visit, ada, ben):
    event = ada.lists(cancelUntil=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    booking = ben.books(event)
    paid(ben, booking)
    browser = visit(ben)
    assert "The time in which you could give these places back is over" in text_of(browser, booking)
    assert "It is too late to cancel" in text_of(browser, booking, "/cancel")
    answer = browser.post(f"/my/bookings/{booking['bookingId']}/cancel")
    assert answer.status_code == 409
    assert 'role="alert"' in answer.content.decode()
    assert ben.get(f"/bookings/{booking['bookingId']}")[1]["status"] == "confirmed"


def test_whom_to_ask_is_named_if_users_can_tell(visit, ben, monkeypatch):
    organiser = users.register(
        "olga", "o@example.org", "correct horse", {"displayName": "Olga"}, "test", timezone.now()
    )
    olga = Actor()
    olga.user_id, olga.token = organiser.user_id, keys.sign(organiser.user_id, [], timezone.now())
    booking = ben.books(olga.lists(price=0, cancelUntil=soon(days=-31)))
    browser = visit(ben)
    assert "ask Olga, who organises this event" in text_of(browser, booking, "/cancel")
    ask = http.ask

    def away(service, method, path, *words, **named):
        if path == "/internal/people":
            raise Unavailable
        return ask(service, method, path, *words, **named)

    monkeypatch.setattr(http, "ask", away)
    assert "ask the organiser, who may still refund you" in text_of(browser, booking, "/cancel")


def test_a_part_that_the_organiser_gave_back_is_told(visit, ada, ben, ticket):
    assert ada.post("/refunds", {"paymentId": ticket["paymentId"], "amount": 500})[0] == 201
    settle()
    browser = visit(ben)
    assert "given €5 back to you" in text_of(browser, ticket)
    assert "You get €45 back" in text_of(browser, ticket, "/cancel")


def test_a_full_refund_and_a_cancelled_event_are_explained(visit, ada, ben, cy, ticket):
    other = cy.books({"eventId": ticket["eventId"]})
    assert ada.post("/refunds", {"paymentId": ticket["paymentId"]})[0] == 201
    settle()
    assert "The organiser refunded your booking in full" in text_of(visit(ben), ticket)
    assert ada.delete(f"/events/{ticket['eventId']}")[0] == 204
    settle()
    text = text_of(visit(cy), other)
    assert "The organiser cancelled this event" in text
    assert "Hold them again" not in text


def test_an_event_that_is_over_is_reviewed(visit, ben, ticket, time_machine):
    time_machine.move_to(timezone.now() + timedelta(days=40))
    ben.token = keys.sign(ben.user_id, [], timezone.now())
    text = text_of(visit(ben), ticket)
    assert "You were there" in text
    assert f"/e/{ticket['eventId']}/review" in text
    assert "/cancel" not in text


def test_the_tabs(visit, ada, ben, time_machine):
    over = ada.lists(title="Long ago", date=soon(days=-29), endDate=soon(days=-29, hours=1), price=0)
    ben.books(over)
    later, sooner = (
        ada.lists(title="Later", date=soon(days=9), endDate=soon(days=9, hours=1), price=0),
        ada.lists(title="Sooner", price=0),
    )
    for event in (sooner, later):
        ben.books(event)
    ben.books(ada.lists(title="Waiting", date=soon(days=20), endDate=soon(days=20, hours=1)))
    gone = ben.books(ada.lists(title="Given back"))
    ben.delete(f"/bookings/{gone['bookingId']}")
    time_machine.move_to(timezone.now() + timedelta(days=2))
    ben.token = keys.sign(ben.user_id, [], timezone.now())
    browser = visit(ben)
    upcoming = browser.get("/my/bookings").content.decode()
    places = [upcoming.index(title) for title in ("Waiting", "Sooner", "Later")]
    assert places == sorted(places)
    assert "Long ago" not in upcoming
    assert "Given back" not in upcoming
    past = browser.get("/my/bookings?tab=past").content.decode()
    assert "Long ago" in past
    assert "Sooner" not in past
    cancelled = browser.get("/my/bookings?tab=cancelled").content.decode()
    assert "Given back" in cancelled
    assert "Later" not in cancelled


def test_many_bookings_come_in_pages(visit, ada, ben):
    event = ada.lists(price=0, capacity=30, maxPerPerson=30)
    for _ in range(22):
        ben.books(event)
    browser = visit(ben)
    first = browser.get("/my/bookings").content.decode()
    assert first.count('class="row-link"') == 20
    cursor = first.split("cursor=")[1].split('"')[0]
    assert browser.get(f"/my/bookings?cursor={cursor}").content.decode().count('class="row-link"') == 2


def test_empty_lists_lead_on(visit, ben):
    for tab, words in (
        ("upcoming", "No tickets yet"),
        ("past", "Nothing behind you"),
        ("cancelled", "Good."),
    ):
        assert words in visit(ben).get(f"/my/bookings?tab={tab}").content.decode()


def test_while_events_is_away_bookings_are_still_there(visit, ben, ticket, monkeypatch):
    ask = http.ask

    def away(service, *words, **named):
        if service == "events":
            raise Unavailable
        return ask(service, *words, **named)

    monkeypatch.setattr(http, "ask", away)
    browser = visit(ben)
    listed = browser.get("/my/bookings")
    assert listed.status_code == 200
    assert "Titles and dates cannot be shown right now" in listed.content.decode()
    assert "2 × Ticket" in listed.content.decode()
    shown = browser.get(f"/my/bookings/{ticket['bookingId']}")
    assert shown.status_code == 200
    assert "Your booking is safe" in shown.content.decode()


def test_a_title_stays_text(visit, ada, ben):
    booking = ben.books(ada.lists(title="<script>alert(1)</script>", price=0))
    for page in (text_of(visit(ben), booking), visit(ben).get("/my/bookings").content.decode()):
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_a_stranger_sees_and_cancels_nothing(visit, cy, ben, ticket):
    here = f"/my/bookings/{ticket['bookingId']}"
    assert visit(cy).get(here).status_code == 404
    assert visit(cy).get(f"{here}/cancel").status_code == 404
    assert visit(cy).post(f"{here}/cancel").status_code == 404
    assert ben.get(f"/bookings/{ticket['bookingId']}")[1]["status"] == "confirmed"


def test_who_is_not_signed_in_comes_back_after_it(visit, ticket):
    answer = visit().get(f"/my/bookings/{ticket['bookingId']}")
    assert answer["Location"] == f"/signin?next=%2Fmy%2Fbookings%2F{ticket['bookingId']}"
