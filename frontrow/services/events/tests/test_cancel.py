import pytest

from frontrow.chassis.ids import new_id
from frontrow.services.events.models import Event, TicketType
from tests.cast import settle

from .stage import bookings_away, said, typed, version

pytestmark = pytest.mark.django_db


def path(event):
    return f"/events/{event['eventId']}"


def test_a_cancelled_event_is_still_there_and_says_so(ada, nobody):
    event = ada.lists()
    assert ada.delete(path(event)) == (204, None)
    status, after = nobody.get(path(event))
    assert (status, after["status"]) == (200, "cancelled")
    assert said(event["eventId"]) == [("event.published.v1", 1), ("event.cancelled.v1", 2)]


def test_nothing_of_it_is_sold_once_its_organiser_was_told_so(ada, ben):
    event = ada.lists()
    settle()
    ada.delete(path(event))
    assert ben.post("/bookings", {"eventId": event["eventId"]})[1]["code"] == "not_on_sale"


def test_cancelling_twice_is_as_good_as_once(ada):
    event = ada.lists()
    assert [ada.delete(path(event))[0] for _ in range(2)] == [204, 204]
    assert (version(event["eventId"]), len(said(event["eventId"]))) == (2, 2)


def test_a_draft_just_goes(ada):
    draft = ada.lists(**typed(status="draft"))
    assert ada.delete(path(draft))[0] == 204
    assert ada.get(path(draft))[0] == 404
    assert ada.delete(path(draft))[0] == 404
    assert said(draft["eventId"]) == []
    assert not TicketType.objects.exists()


@pytest.mark.parametrize("status", ["draft", "published"])
def test_nobody_cancels_what_is_not_theirs(ada, cy, nobody, status):
    event = ada.lists(status=status)
    assert cy.delete(path(event))[0] == 404
    assert nobody.delete(path(event))[0] == 401
    assert Event.objects.get().status == status


def test_what_never_was_cannot_be_cancelled(ada):
    assert ada.delete(f"/events/{new_id()}")[0] == 404


def test_every_booking_ends_with_its_event(ada, ben, cy):
    event = ada.lists()
    bookings = [(who, who.books(event, 2)) for who in (ben, cy)]
    ada.delete(path(event))
    settle()
    for who, booking in bookings:
        assert who.get(f"/bookings/{booking['bookingId']}")[1]["status"] == "cancelled"
    assert ben.post("/bookings", {"eventId": event["eventId"]})[1]["code"] == "not_on_sale"
    assert ada.get(path(event))[1]["availability"] == 10


def test_an_event_can_be_cancelled_while_bookings_is_away(ada):
    event = ada.lists()
    with bookings_away():
        assert ada.delete(path(event))[0] == 204
    assert version(event["eventId"]) == 2
