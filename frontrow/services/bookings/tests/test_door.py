"""POST /bookings, asked through both of its doors: Django's, and the fast one of a service of its own."""

import json

import pytest

from frontrow.chassis import http
from frontrow.chassis.ids import new_id
from frontrow.chassis.tests.fast import Fast
from frontrow.services.bookings import booking
from frontrow.services.bookings.door import BookingsDoor
from frontrow.services.bookings.models import Booking
from tests.cast import event_body, settle, soon

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["ordinary", "fast"], autouse=True)
def doors(request):
    """Each test here, twice."""
    if request.param == "ordinary":
        yield None
    else:
        with Fast(BookingsDoor()) as fast:
            yield fast


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


def test_nobody_is_refused_by_what_bookings_has_not_heard_yet(ada, ben, monkeypatch):
    monkeypatch.setattr("frontrow.services.events.clients.hurry", lambda event: None)
    event = ada.lists(salesStart=soon(hours=-1))
    body = {"eventId": event["eventId"]}
    assert ben.post("/bookings", body)[1]["code"] == "not_on_sale"
    assert ada.put(f"/events/{event['eventId']}", {"salesStart": soon(days=-31)})[0] == 200
    assert ben.post("/bookings", body)[0] == 201


def test_while_events_is_away_what_is_known_is_sold_and_refused_and_the_unknown_is_unavailable(
    ada, ben, settings
):
    known, early = ada.lists(), ada.lists(salesStart=soon(hours=-1))
    settle()
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"events_url": "http://127.0.0.1:9"})
    http._client.cache_clear()
    try:
        assert ben.post("/bookings", {"eventId": known["eventId"]})[0] == 201
        assert ben.post("/bookings", {"eventId": early["eventId"]})[1]["code"] == "not_on_sale"
        status, problem = ben.post("/bookings", {"eventId": str(new_id())})
        assert (status, problem["code"]) == (503, "unavailable")
    finally:
        http._client.cache_clear()


def test_what_is_answered_at_once_is_what_is_read_afterwards(ada, ben):
    answer = ben.books(ada.lists())
    assert ben.get(f"/bookings/{answer['bookingId']}") == (200, answer)


def test_a_free_booking_has_no_deadline(ada, ben):
    answer = ben.books(ada.lists(price=0))
    assert (answer["status"], answer["expiresAt"]) == ("confirmed", None)


def test_no_body_at_all_is_a_field_that_is_missing(ben, doors):
    status, problem = ben.call("POST", "/bookings") if doors is None else ben.post("/bookings", b"")
    assert (status, problem["errors"]) == (422, [{"field": "", "message": "Field required"}])


@pytest.mark.parametrize("text", [b"{", b'{"eventId": NaN}', b'{"quantity": 1, "quantity": 2}', b"\xff"])
def test_what_is_no_json_is_refused_by_name(ben, doors, text):
    if doors is None:
        answer = ben.client.generic(
            "POST", "/bookings", text, "application/json", headers={"Authorization": f"Bearer {ben.token}"}
        )
        status, problem = answer.status_code, json.loads(answer.content)
    else:
        status, problem = ben.post("/bookings", text)
    assert (status, problem["code"]) == (400, "invalid_json")


def test_a_body_that_is_no_object_is_refused_by_name(ben):
    status, problem = ben.post("/bookings", [1])
    assert (status, problem["errors"]) == (422, [{"field": "", "message": "the body must be a JSON object"}])


def test_the_field_that_is_wrong_is_named(ada, ben):
    items = [{"ticketTypeId": str(new_id()), "quantity": 0}]
    _, problem = ben.post("/bookings", {"eventId": ada.lists()["eventId"], "items": items})
    assert [error["field"] for error in problem["errors"]] == ["items.0.quantity"]
    _, problem = ben.post("/bookings", {"eventId": str(new_id()), "items": items[:0], "quantity": 1})
    assert {error["field"] for error in problem["errors"]} == {"items"}


def test_a_body_beyond_all_measure_is_refused(ben):
    status, problem = ben.post("/bookings", {"eventId": "x" * 300_000})
    assert (status, problem["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "bearer a.b.c"])
def test_whoever_is_not_signed_in_is_refused(ben, header):
    status, problem = ben.post("/bookings", {}, Authorization=header)
    assert status == 401
    assert problem["code"] in {"not_signed_in", "invalid_token"}


def test_a_dead_hold_keeps_nobody_out(ada, ben, cy):
    event = ada.lists(capacity=1)
    ben.books(event)
    Booking.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert cy.post("/bookings", {"eventId": event["eventId"]})[0] == 201


def test_a_message_carries_the_request_that_caused_it(ada, ben):
    from frontrow.chassis.models import Outbox

    event = ada.lists()
    ben.books(event, **{"X-Request-ID": "from-the-test-1"})
    assert Outbox.objects.get(type="booking.held.v1").request_id == "from-the-test-1"
