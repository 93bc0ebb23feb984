"""From a choice to a hold: once, however often it is sent; each refusal in plain words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from frontrow.chassis import http
from frontrow.chassis.refusals import Unavailable
from frontrow.services.users import keys
from tests.cast import Actor, settle, soon

pytestmark = pytest.mark.django_db


def kind(event, place=0):
    return event["ticketTypes"][place]["ticketTypeId"]


def chosen(event, quantity=1, seen=""):
    return {kind(event): str(quantity), "seen": seen}


def book(browser, event, quantity=1, seen=""):
    return browser.post(f"/e/{event['eventId']}/book", chosen(event, quantity, seen))


def bookings_of(actor):
    return actor.get("/bookings")[1]["items"]


def test_a_choice_is_kept_while_somebody_signs_in(visit, ada):
    event = ada.lists()
    here = f"/e/{event['eventId']}/checkout?{kind(event)}=2"
    page = visit().get(here)
    text = page.content.decode()
    assert page.status_code == 200
    assert "2 × Ticket" in text
    assert "€50" in text
    assert f"/signin?next=%2Fe%2F{event['eventId']}%2Fcheckout%3F{kind(event)}%3D2" in text
    assert not page.cookies


def test_who_is_signed_in_books_by_one_button(visit, ada, ben):
    event = ada.lists()
    browser = visit(ben)
    text = browser.get(f"/e/{event['eventId']}/checkout?{kind(event)}=2").content.decode()
    assert f'name="{kind(event)}" value="2"' in text
    answer = book(browser, event, 2)
    [booking] = bookings_of(ben)
    assert (answer.status_code, answer["Location"]) == (303, f"/my/bookings/{booking['bookingId']}")
    assert (booking["quantity"], booking["status"]) == (2, "held")


def test_without_a_choice_one_is_asked_for(visit, ada, ben):
    event = ada.lists()
    browser = visit(ben)
    for choice in ("", f"?{kind(event)}=0", f"?{kind(event)}=many", "?quantity=2"):
        answer = browser.get(f"/e/{event['eventId']}/checkout{choice}")
        assert answer["Location"].endswith("?note=choose"), choice
    assert book(browser, event, 0)["Location"] == f"/e/{event['eventId']}?note=choose"
    assert bookings_of(ben) == []


def test_a_type_that_is_gone_is_said(visit, ada, ben):
    event, other = ada.lists(), ada.lists()
    answer = visit(ben).get(f"/e/{event['eventId']}/checkout?{kind(other)}=1")
    assert answer["Location"].endswith("?note=types-changed")


def test_a_double_click_books_once(visit, ada, ben):
    event = ada.lists()
    browser = visit(ben)
    answers = [book(browser, event, 2)["Location"] for _ in range(3)]
    assert len(set(answers)) == 1
    assert len(bookings_of(ben)) == 1


def test_the_same_wish_at_once_in_two_tabs_is_one_booking(visit, ada, ben, monkeypatch):
    """The second looks for a newest booking before the first has made it."""
    event = ada.lists()
    monkeypatch.setattr("frontrow.web.checkout.newest_booking", lambda *_: None)
    first, second = book(visit(ben), event, 2), book(visit(ben), event, 2)
    assert first["Location"] == second["Location"]
    assert len(bookings_of(ben)) == 1


def test_another_choice_with_an_open_hold_is_asked_about(visit, ada, ben):
    """Also when it is chosen on a fresh page, by who went back."""
    event = ada.lists()
    browser = visit(ben)
    book(browser, event, 2)
    [booking] = bookings_of(ben)
    for seen in ("", booking["bookingId"]):
        assert book(browser, event, 3, seen)["Location"] == f"/e/{event['eventId']}/checkout?{kind(event)}=3"
    assert len(bookings_of(ben)) == 1


def test_the_same_choice_again_leads_to_the_hold_and_says_so(visit, ada, ben):
    event = ada.lists()
    browser = visit(ben)
    first = book(browser, event, 2)["Location"]
    seen = bookings_of(ben)[0]["bookingId"]
    assert book(browser, event, 2, seen)["Location"] == f"{first}?note=already-held"
    assert len(bookings_of(ben)) == 1


def test_who_was_told_of_the_hold_may_hold_more_but_once(visit, ada, ben):
    event = ada.lists()
    browser = visit(ben)
    book(browser, event, 2)
    [booking] = bookings_of(ben)
    text = browser.get(f"/e/{event['eventId']}/checkout?{kind(event)}=2").content.decode()
    assert "You hold 2 places of this event already" in text
    assert f'name="more" value="{booking["bookingId"]}"' in text
    wish = {**chosen(event, 2, booking["bookingId"]), "more": booking["bookingId"]}
    answers = [browser.post(f"/e/{event['eventId']}/book", wish)["Location"] for _ in range(2)]
    assert answers[0] == answers[1] != f"/my/bookings/{booking['bookingId']}"
    assert len(bookings_of(ben)) == 2


def test_a_free_place_is_booked_once_and_at_once(visit, ada, ben):
    event = ada.lists(price=0)
    browser = visit(ben)
    assert book(browser, event)["Location"] == book(browser, event)["Location"]
    [booking] = bookings_of(ben)
    assert booking["status"] == "confirmed"
    assert "You’re in" in browser.get(f"/my/bookings/{booking['bookingId']}").content.decode()


def test_sold_out_tells_what_is_left(visit, ada, ben, cy):
    types = [
        {"name": "Stalls", "price": 4000, "capacity": 2},
        {"name": "Balcony", "price": 2000, "capacity": 5},
    ]
    event = ada.lists(capacity=None, price=None, ticketTypes=types)
    assert cy.post("/bookings", {"eventId": event["eventId"], "items": [
        {"ticketTypeId": kind(event), "quantity": 2}]})[0] == 201  # fmt: skip
    settle()
    answer = book(visit(ben), event, 2)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert 'role="alert"' in text
    assert "What you chose is sold out" in text
    assert f'name="{kind(event, 1)}" value="2"' in text
    assert f'name="{kind(event)}"' not in text
    assert bookings_of(ben) == []


def test_sold_out_wholly_leads_to_other_dates_and_the_like(visit, ada, ben, cy):
    event = ada.lists(capacity=1)
    ada.lists(date=soon(days=3), endDate=soon(days=3, hours=2))
    Actor().lists(title="Another concert")
    cy.books(event)
    settle()
    text = book(visit(ben), event).content.decode()
    assert "Sold out, a moment ago" in text
    assert "Other dates" in text
    assert "More like this" in text
    assert "Another concert" in text


def test_what_was_just_refused_is_not_offered_again_by_older_numbers(visit, ada, ben, cy):
    """The numbers shown with an event are a second or two behind those that say no."""
    types = [
        {"name": "Stalls", "price": 4000, "capacity": 1},
        {"name": "Balcony", "price": 2000, "capacity": 5},
    ]
    event = ada.lists(capacity=None, price=None, ticketTypes=types)
    one = ada.lists(capacity=1)
    for each in (event, one):
        wish = {"eventId": each["eventId"], "items": [{"ticketTypeId": kind(each), "quantity": 1}]}
        assert cy.post("/bookings", wish)[0] == 201
    assert "Sold out, a moment ago" in book(visit(ben), one).content.decode()
    assert "What you chose is sold out" in book(visit(ben), event).content.decode()
    both = {kind(event): "1", kind(event, 1): "1", "seen": ""}
    text = visit(ben).post(f"/e/{event['eventId']}/book", both).content.decode()
    assert "What you chose is not all free any more" in text


def test_not_yet_on_sale_tells_from_when(visit, ada, ben):
    event = ada.lists(salesStart=(datetime.now(UTC) + timedelta(days=2)).isoformat())
    answer = book(visit(ben), event)
    assert answer.status_code == 409
    assert "Not on sale yet" in answer.content.decode()


def test_too_many_for_one_person_leads_to_what_they_have(visit, ada, ben):
    event = ada.lists(maxPerPerson=2)
    answer = book(visit(ben), event, 3)
    assert answer.status_code == 409
    assert "For this event it is 2 places for each person" in answer.content.decode()
    assert 'href="/my/bookings"' in answer.content.decode()


def test_a_cancelled_event_and_one_that_is_none(visit, ada, ben):
    event = ada.lists()
    browser = visit(ben)
    assert ada.delete(f"/events/{event['eventId']}")[0] == 204
    settle()
    answer = book(browser, event)
    assert answer.status_code in {404, 409}
    assert "cannot be booked any more" in answer.content.decode()
    nowhere = {**event, "eventId": kind(event)}
    assert book(browser, nowhere).status_code == 404


def test_types_that_changed_meanwhile_are_shown_anew(visit, ada, ben):
    event, other = ada.lists(), ada.lists()
    answer = visit(ben).post(f"/e/{event['eventId']}/book", chosen(other))
    assert answer.status_code == 404
    assert "The tickets have changed" in answer.content.decode()


def test_whose_session_ended_keeps_the_choice(visit, ada, ben):
    event = ada.lists()
    for browser in (visit(), visit(Actor(token="no longer one"))):
        answer = book(browser, event, 2)
        assert answer["Location"] == f"/e/{event['eventId']}/checkout?{kind(event)}=2"


def test_the_address_of_the_form_leads_to_the_event_when_read(visit, ada, ben):
    event = ada.lists()
    assert visit(ben).get(f"/e/{event['eventId']}/book")["Location"] == f"/e/{event['eventId']}"


def test_a_hold_past_its_deadline_is_no_open_one(visit, ada, ben, time_machine):
    event = ada.lists()
    book(visit(ben), event, 2)
    [first] = bookings_of(ben)
    time_machine.move_to(timezone.now() + timedelta(minutes=20))
    ben.token = keys.sign(ben.user_id, [], timezone.now())
    answer = book(visit(ben), event, 2, first["bookingId"])
    assert answer["Location"] != f"/my/bookings/{first['bookingId']}"


def test_while_bookings_is_away_the_choice_is_shown_and_not_sold(visit, ada, ben, monkeypatch):
    event, ask = ada.lists(), http.ask

    def away(service, *words, **named):
        if service == "bookings":
            raise Unavailable
        return ask(service, *words, **named)

    monkeypatch.setattr(http, "ask", away)
    answer = visit(ben).get(f"/e/{event['eventId']}/checkout?{kind(event)}=2")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Booking takes a short break" in text
    assert "2 × Ticket" in text
    assert f'action="/e/{event["eventId"]}/book"' not in text
