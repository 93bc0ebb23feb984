import pytest

from frontrow.chassis.ids import new_id
from frontrow.services.bookings import booking
from tests.cast import event_body, settle, soon

pytestmark = pytest.mark.django_db


def test_a_booking_is_answered_with_all_its_fields(ada, ben):
    event = ada.lists()
    answer = ben.books(event, 2)
    assert answer["userId"] == str(ben.user_id)
    assert (answer["eventId"], answer["status"], answer["quantity"]) == (event["eventId"], "held", 2)
    assert (answer["amount"], answer["currency"]) == (5000, "EUR")
    assert answer["items"] == [
        {
            "ticketTypeId": event["ticketTypes"][0]["ticketTypeId"],
            "name": "Ticket",
            "quantity": 2,
            "price": 2500,
        }
    ]
    assert answer["bookingDate"].endswith("Z")
    assert answer["expiresAt"] > answer["bookingDate"]


def test_one_place_is_booked_unless_more_are_asked_for(ada, ben):
    assert ben.post("/bookings", {"eventId": ada.lists()["eventId"]})[1]["quantity"] == 1


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


def test_a_cancelled_booking_has_no_deadline(ada, ben):
    mine = ben.books(ada.lists())["bookingId"]
    status, answer = ben.delete(f"/bookings/{mine}")
    assert (status, answer["status"], answer["expiresAt"]) == (200, "cancelled", None)


def test_too_late_to_cancel_is_refused_by_name(ada, ben):
    mine = ben.books(ada.lists(price=0, cancelUntil="2020-01-01T00:00:00Z"))["bookingId"]
    status, problem = ben.delete(f"/bookings/{mine}")
    assert (status, problem["code"]) == (409, "too_late_to_cancel")


BAD_BODIES = {
    "no event": {},
    "event is no id": {"eventId": "x"},
    "event is null": {"eventId": None},
    "quantity 0": {"quantity": 0},
    "negative quantity": {"quantity": -1},
    "absurd quantity": {"quantity": 10**30},
    "text for a number": {"quantity": "2"},
    "truth for a number": {"quantity": True},
    "part of a place": {"quantity": 1.5},
    "unknown field": {"price": 0},
    "somebody else's name on it": {"userId": "0198c5a0-0000-7000-8000-000000000002"},
    "no items": {"items": []},
    "items are no list": {"items": {}},
    "an item without a type": {"items": [{"quantity": 1}]},
    "an item without a number": {"items": [{"ticketTypeId": "0198c5a0-0000-7000-8000-000000000002"}]},
    "the same type twice": {
        "items": [{"ticketTypeId": "0198c5a0-0000-7000-8000-000000000002", "quantity": 1}] * 2
    },
    "quantity and items": {
        "quantity": 1,
        "items": [{"ticketTypeId": "0198c5a0-0000-7000-8000-000000000002", "quantity": 1}],
    },
    "too many items": {"items": [{"ticketTypeId": str(new_id()), "quantity": 1} for _ in range(51)]},
}


@pytest.mark.parametrize("wrong", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_bad_body_is_refused_by_name_and_books_nothing(ada, ben, wrong):
    event = ada.lists()
    body = wrong if not wrong or "eventId" in wrong else {"eventId": event["eventId"], **wrong}
    status, problem = ben.post("/bookings", body)
    assert (status, problem["code"]) == (422, "invalid_request")
    assert problem["errors"]
    assert ben.get("/bookings")[1]["items"] == []


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "x" * 256])
def test_a_bad_idempotency_key_is_refused_by_name(ada, ben, key):
    status, problem = ben.post("/bookings", {"eventId": ada.lists()["eventId"]}, **{"Idempotency-Key": key})
    assert (status, problem["code"]) == (400, "invalid_idempotency_key")


def test_a_key_repeats_its_answer_and_knows_another_body(ada, ben):
    event = ada.lists()
    key = {"Idempotency-Key": "k-1"}
    first = ben.post("/bookings", {"eventId": event["eventId"]}, **key)
    assert ben.post("/bookings", {"eventId": event["eventId"]}, **key) == first
    assert ben.post("/bookings", {"eventId": event["eventId"], "quantity": 1}, **key) == first
    status, problem = ben.post("/bookings", {"eventId": event["eventId"], "quantity": 2}, **key)
    assert (status, problem["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    "query", ["status=sold", "eventId=x", "limit=0", "limit=101", "cursor=x", "page=2", "status="]
)
def test_a_bad_query_is_refused_by_name(ben, query):
    status, problem = ben.get(f"/bookings?{query}")
    assert status == 422
    assert problem["code"] in {"invalid_request", "invalid_cursor"}


def test_the_order_of_items_makes_no_other_body(ada, ben):
    kinds = [{"name": n, "price": 0, "currency": "EUR", "capacity": 5} for n in ("A", "B")]
    event = ada.lists(capacity=None, price=None, currency=None, ticketTypes=kinds)
    items = [{"ticketTypeId": kind["ticketTypeId"], "quantity": 1} for kind in event["ticketTypes"]]
    key = {"Idempotency-Key": "k-1"}
    first = ben.post("/bookings", {"eventId": event["eventId"], "items": items}, **key)
    assert ben.post("/bookings", {"eventId": event["eventId"], "items": items[::-1]}, **key) == first


def test_every_refusal_of_a_booking_reaches_the_client_by_its_name(ada, ben, cy):
    two_types = [{"name": n, "price": 0, "currency": "EUR", "capacity": 1} for n in ("A", "B")]
    typed = ada.lists(capacity=None, price=None, currency=None, ticketTypes=two_types)
    full = ada.lists(capacity=1)
    cy.books(full)
    refused = {
        "event_not_found": {"eventId": str(new_id())},
        "not_on_sale": {"eventId": ada.lists(salesStart=soon(hours=-1))["eventId"]},
        "ticket_type_required": {"eventId": typed["eventId"], "quantity": 1},
        "ticket_type_not_found": {
            "eventId": typed["eventId"], "items": [{"ticketTypeId": str(new_id()), "quantity": 1}],
        },
        "limit_reached": {"eventId": ada.lists(maxPerPerson=1)["eventId"], "quantity": 2},
        "sold_out": {"eventId": full["eventId"]},
    }  # fmt: skip
    for code, body in refused.items():
        status, problem = ben.post("/bookings", body)
        assert (problem["code"], status) == (code, booking.BY_CODE[code].status)


def test_a_draft_cannot_be_booked_until_it_is_published(ada, ben):
    status, draft = ada.post("/events", event_body(status="draft"))
    assert status == 201
    body = {"eventId": draft["eventId"]}
    assert ben.post("/bookings", body)[1]["code"] == "event_not_found"
    ada.put(f"/events/{draft['eventId']}", {"status": "published"})
    assert ben.post("/bookings", body)[0] == 201


def test_the_availability_shown_with_the_event_follows(ada, ben):
    event = ada.lists(capacity=5)
    mine = ben.books(event, 3)["bookingId"]
    settle()
    assert ada.get(f"/events/{event['eventId']}")[1]["availability"] == 2
    ben.delete(f"/bookings/{mine}")
    settle()
    assert ada.get(f"/events/{event['eventId']}")[1]["availability"] == 5


def test_while_events_is_away_what_is_known_is_sold_and_refused_and_the_unknown_is_unavailable(
    ada, ben, settings
):
    known, early = ada.lists(), ada.lists(salesStart=soon(hours=-1))
    settle()
    from frontrow.chassis import http

    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"events_url": "http://127.0.0.1:9"})
    http._client.cache_clear()
    try:
        assert ben.post("/bookings", {"eventId": known["eventId"]})[0] == 201
        assert ben.post("/bookings", {"eventId": early["eventId"]})[1]["code"] == "not_on_sale"
        status, problem = ben.post("/bookings", {"eventId": str(new_id())})
        assert (status, problem["code"]) == (503, "unavailable")
    finally:
        http._client.cache_clear()
