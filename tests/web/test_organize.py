"""My events and their pages; another organiser's are as if they did not exist."""

from datetime import UTC, datetime, timedelta

import pytest

from frontrow.chassis import http
from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import Unavailable
from tests.cast import settle, soon

pytestmark = pytest.mark.django_db
PAGES = ["", "/edit", "/people", "/people.csv", "/message", "/reviews", "/cancel"]


@pytest.fixture
def away(monkeypatch):
    """Make a service not answer, by its name."""
    ask = http.ask

    def go(*services):
        def asked(service, *words, **named):
            if service in services:
                raise Unavailable
            return ask(service, *words, **named)

        monkeypatch.setattr(http, "ask", asked)

    return go


def text(browser, path="/organize"):
    answer = browser.get(path)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def paid(actor, event, quantity=1):
    booking = actor.books(event, quantity)
    body = {"bookingId": booking["bookingId"], "paymentMethod": "pm_card_visa"}
    assert actor.post("/payments", body)[0] == 201
    settle()
    return booking


def test_who_is_not_signed_in_signs_in_first(visit):
    assert visit().get("/organize")["Location"] == "/signin?next=%2Forganize"


def test_somebody_without_events_is_led_to_the_first(visit, ada):
    page = text(visit(ada))
    assert "Your first event is a minute away" in page
    assert 'href="/organize/new"' in page


def test_sums_of_the_newest_events_alone_say_so(visit, ada, monkeypatch):
    ada.lists()
    settle()
    assert "Only your newest events" not in text(visit(ada))
    monkeypatch.setattr("frontrow.web.organize.MOST_SUMMED", 1)
    assert "Only your newest events are counted here." in text(visit(ada))


def test_events_stand_with_what_they_sold(visit, ada, ben):
    event = ada.lists(title="Clara <script>")
    paid(ben, event, 2)
    page = text(visit(ada))
    assert "Clara &lt;script&gt;" in page
    assert "2 of 10 sold" in page
    assert "€50" in page


def test_drafts_past_and_upcoming_events_stand_apart(visit, ada):
    ada.lists(title="To come")
    ada.lists(title="Still a sketch", status="draft")
    browser = visit(ada)
    assert "To come" in text(browser)
    drafts = text(browser, "/organize?show=drafts")
    assert "Still a sketch" in drafts
    assert "To come" not in drafts
    assert "Nothing past yet" in text(browser, "/organize?show=past")


def test_without_bookings_the_list_still_comes_and_says_what_is_missing(visit, ada, away):
    ada.lists(title="To come")
    away("bookings")
    page = text(visit(ada))
    assert "To come" in page
    assert "Sales cannot be told right now" in page


def test_an_events_page_shows_days_stock_and_money(visit, ada, ben):
    event = ada.lists()
    booking = paid(ben, event, 3)
    payment = ben.get(f"/payments?bookingId={booking['bookingId']}")[1]["items"][0]
    assert ada.post("/refunds", {"paymentId": payment["paymentId"], "amount": 500})[0] == 201
    page = text(visit(ada), f"/organize/{event['eventId']}")
    assert '<rect class="bar"' in page
    assert "7 of 10 left" in page
    for amount in ("€75", "€5"):
        assert amount in page


def test_numbers_that_cannot_be_told_are_left_out_and_that_is_said(visit, ada, away):
    event = ada.lists()
    away("bookings", "payments")
    page = text(visit(ada), f"/organize/{event['eventId']}")
    assert "Some numbers cannot be told right now" in page
    assert "10 of 10 left" in page


def test_a_draft_goes_on_sale_by_one_button(visit, ada):
    event = ada.lists(status="draft")
    browser = visit(ada)
    assert "Only you see this" in text(browser, f"/organize/{event['eventId']}")
    answer = browser.post(f"/organize/{event['eventId']}/publish")
    assert answer["Location"] == f"/organize/{event['eventId']}?note=event-published"
    assert ada.get(f"/events/{event['eventId']}")[1]["status"] == "published"


def test_cancelling_says_before_what_it_does_and_wants_to_be_sure(visit, ada, ben):
    event = ada.lists()
    paid(ben, event, 2)
    browser, path = visit(ada), f"/organize/{event['eventId']}/cancel"
    page = text(browser, path)
    assert "2 sold tickets are cancelled" in page
    assert "€50 goes back" in page
    assert browser.post(path).status_code == 422
    assert ada.get(f"/events/{event['eventId']}")[1]["status"] == "published"
    assert browser.post(path, {"sure": "on"})["Location"].endswith("?note=event-cancelled")
    assert ada.get(f"/events/{event['eventId']}")[1]["status"] == "cancelled"
    assert browser.post(path, {"sure": "on"})["Location"].endswith("?note=event-is-cancelled")
    settle()
    assert "This event is cancelled" in text(browser, f"/organize/{event['eventId']}")


def test_a_draft_is_deleted(visit, ada):
    event = ada.lists(status="draft")
    answer = visit(ada).post(f"/organize/{event['eventId']}/cancel", {"sure": "on"})
    assert answer["Location"] == "/organize?note=draft-dropped"
    assert ada.get(f"/events/{event['eventId']}")[0] == 404


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("status", ["published", "draft"])
def test_another_organisers_pages_are_as_if_they_were_not(visit, ada, cy, page, status):
    event = ada.lists(status=status)
    assert visit(cy).get(f"/organize/{event['eventId']}{page}").status_code == 404
    assert visit(cy).get(f"/organize/{new_id()}{page}").status_code == 404


@pytest.mark.parametrize("page", ["/edit", "/publish", "/message", "/reviews", "/cancel"])
def test_nothing_can_be_sent_to_another_organisers_pages(visit, ada, cy, page):
    event = ada.lists(status="draft" if page == "/publish" else "published")
    sent = {"sure": "on", "subject": "Hello", "message": "Hello", "do": "save"}
    assert visit(cy).post(f"/organize/{event['eventId']}{page}", sent).status_code == 404
    assert ada.get(f"/events/{event['eventId']}")[1] == event


def test_another_organisers_booking_is_as_if_it_were_not(visit, ada, ben, cy):
    event, other = ada.lists(), cy.lists()
    booking = paid(ben, event)
    for place in (event["eventId"], other["eventId"]):
        path = f"/organize/{place}/bookings/{booking['bookingId']}"
        assert visit(cy).get(path).status_code == 404
        assert visit(cy).post(path, {"how": "full"}).status_code == 404


def test_another_organisers_event_is_not_copied(visit, ada, cy):
    event = ada.lists()
    assert visit(cy).get(f"/organize/new?from={event['eventId']}").status_code == 404


def test_an_event_under_way_is_upcoming_and_one_that_is_over_is_past(visit, ada):
    from frontrow.services.events.models import Event

    event, now = ada.lists(title="Just now", date=soon()), datetime.now(UTC)
    row = Event.objects.filter(event_id=event["eventId"])
    row.update(date=now - timedelta(hours=1), end_date=now + timedelta(hours=1))
    assert "Just now" in text(visit(ada))
    row.update(date=now - timedelta(hours=2), end_date=now - timedelta(hours=1))
    assert "Just now" not in text(visit(ada))
    assert "Just now" in text(visit(ada), "/organize?show=past")
