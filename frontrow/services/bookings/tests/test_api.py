import pytest

from frontrow.chassis.ids import new_id
from tests.cast import settle

pytestmark = pytest.mark.django_db


def test_my_bookings_are_mine_newest_first_and_can_be_narrowed(ada, ben, cy):
    one, two = ada.lists(), ada.lists(price=0)
    first, second, third = ben.books(one), ben.books(two), ben.books(one)
    cy.books(one)
    ids = lambda path: [b["bookingId"] for b in ben.get(path)[1]["items"]]  # noqa: E731
    assert ids("/bookings") == [third["bookingId"], second["bookingId"], first["bookingId"]]
    assert ids("/bookings?status=confirmed") == [second["bookingId"]]
    assert ids(f"/bookings?eventId={one['eventId']}") == [third["bookingId"], first["bookingId"]]
    assert ids("/bookings?status=cancelled") == []


def test_my_bookings_come_in_pages(ada, ben):
    event = ada.lists(price=0)
    made = {ben.books(event)["bookingId"] for _ in range(5)}
    seen, path = [], "/bookings?limit=2"
    while path:
        _, page = ben.get(path)
        seen += [b["bookingId"] for b in page["items"]]
        path = page["nextCursor"] and f"/bookings?limit=2&cursor={page['nextCursor']}"
    assert (set(seen), len(seen)) == (made, 5)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_is_not_mine_is_as_if_it_were_not(ada, ben, cy, method):
    mine = ben.books(ada.lists())["bookingId"]
    stranger = cy.call(method, f"/bookings/{mine}")
    nothing = cy.call(method, f"/bookings/{new_id()}")
    organiser = ada.call(method, f"/bookings/{mine}")
    assert stranger[0] == nothing[0] == organiser[0] == 404
    assert {answer[1]["code"] for answer in (stranger, nothing, organiser)} == {"not_found"}
    assert ben.get(f"/bookings/{mine}")[1]["status"] == "held"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_books_without_signing_in(nobody, method):
    status, problem = nobody.call(
        method, "/bookings", {"eventId": str(new_id())} if method == "POST" else None
    )
    assert (status, problem["code"]) == (401, "not_signed_in")


def test_a_cancelled_booking_has_no_deadline_but_tells_when_and_why_it_ended(ada, ben):
    mine = ben.books(ada.lists())
    assert (mine["endedAt"], mine["endReason"]) == (None, None)
    status, answer = ben.delete(f"/bookings/{mine['bookingId']}")
    assert (status, answer["status"], answer["expiresAt"]) == (200, "cancelled", None)
    assert answer["endReason"] == "person"
    assert answer["endedAt"] > answer["bookingDate"]
    assert ben.get(f"/bookings/{mine['bookingId']}") == (200, answer)


def test_a_booking_of_a_cancelled_event_says_that_it_is(ada, ben):
    event = ada.lists(price=0)
    mine = ben.books(event)
    ada.delete(f"/events/{event['eventId']}")
    settle()
    answer = ben.get(f"/bookings/{mine['bookingId']}")[1]
    assert (answer["status"], answer["endReason"]) == ("cancelled", "event_cancelled")


def test_too_late_to_cancel_is_refused_by_name(ada, ben):
    mine = ben.books(ada.lists(price=0, cancelUntil="2020-01-01T00:00:00Z"))["bookingId"]
    status, problem = ben.delete(f"/bookings/{mine}")
    assert (status, problem["code"]) == (409, "too_late_to_cancel")


@pytest.mark.parametrize(
    "query", ["status=sold", "eventId=x", "limit=0", "limit=101", "cursor=x", "page=2", "status="]
)
def test_a_bad_query_is_refused_by_name(ben, query):
    status, problem = ben.get(f"/bookings?{query}")
    assert status == 422
    assert problem["code"] in {"invalid_request", "invalid_cursor"}


def test_the_availability_shown_with_the_event_follows(ada, ben):
    event = ada.lists(capacity=5)
    mine = ben.books(event, 3)["bookingId"]
    settle()
    assert ada.get(f"/events/{event['eventId']}")[1]["availability"] == 2
    ben.delete(f"/bookings/{mine}")
    settle()
    assert ada.get(f"/events/{event['eventId']}")[1]["availability"] == 5
