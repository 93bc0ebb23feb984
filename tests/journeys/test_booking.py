"""One booking's journey and those around it, by address alone."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest

from tests.journeys.traveller import Traveller, event_body, eventually


def at_once(person: Traveller, requests: list[tuple[str, str, Any, dict[str, str]]]) -> list[tuple[int, Any]]:
    """The answers to requests that are all under way together, each on its own connection."""

    headers = person.headers
    limits = httpx.Limits(max_connections=len(requests))
    with httpx.Client(base_url=person.base_url, timeout=60, limits=limits) as client:

        def send(request: tuple[str, str, Any, dict[str, str]]) -> tuple[int, Any]:
            method, path, body, more = request
            answer = client.request(method, path, json=body, headers={**headers, **more})
            return answer.status_code, answer.json() if answer.content else None

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(send, requests))


def availability(person: Traveller, event: dict[str, Any]) -> int:
    return person.call("GET", f"/events/{event['eventId']}")[1]["availability"]


def test_an_event_is_listed_found_booked_and_given_back(ada, ben, cy):
    word = f"w{secrets.token_hex(6)}"
    event = ada.lists(title=f"Clara plays {word}", capacity=3)
    status, booking = ben.books(event, 2)  # at once after its creation
    assert (status, booking["status"], booking["amount"]) == (201, "held", 9800)

    status, found = cy.call("GET", f"/events?q={word[:-3]}&category=concert&location=waldbuhne")
    assert [item["eventId"] for item in found["items"]] == [event["eventId"]]
    eventually(lambda: availability(cy, event), 1)

    assert cy.books(event, 2)[1]["code"] == "sold_out"
    assert cy.call("GET", f"/bookings/{booking['bookingId']}")[0] == 404
    assert cy.call("DELETE", f"/bookings/{booking['bookingId']}")[0] == 404
    assert [b["bookingId"] for b in ben.call("GET", "/bookings")[1]["items"]] == [booking["bookingId"]]

    status, cancelled = ben.call("DELETE", f"/bookings/{booking['bookingId']}")
    assert (status, cancelled["status"]) == (200, "cancelled")
    assert cy.books(event, 3)[0] == 201
    eventually(lambda: availability(ada, event), 0)


def test_the_limits_of_a_sale_are_refused_by_name(ada, ben):
    body = event_body()
    year = int(body["date"][:4])
    later = ada.lists(salesStart=f"{year - 1}-01-01T00:00:00Z")
    assert ben.books(later)[1]["code"] == "not_on_sale"
    status, _ = ada.call("PUT", f"/events/{later['eventId']}", {"salesStart": None})
    assert status == 200
    eventually(lambda: ben.books(later)[0], 201)

    few = ada.lists(maxPerPerson=2)
    assert ben.books(few, 2)[0] == 201
    assert ben.books(few)[1]["code"] == "limit_reached"


def test_a_draft_is_invisible_to_others(ada, ben):
    draft = ada.lists(status="draft")
    path = f"/events/{draft['eventId']}"
    assert ada.call("GET", path)[0] == 200
    assert ben.call("GET", path)[0] == 404
    assert ben.call("PUT", path, {"title": "Mine"})[0] == 404
    assert ben.call("DELETE", path)[0] == 404
    assert ben.books(draft)[1]["code"] == "event_not_found"
    assert ada.call("PUT", path, {"status": "published"})[0] == 200
    assert ben.call("GET", path)[0] == 200
    assert ben.books(draft)[0] == 201


def test_a_capacity_cannot_fall_below_what_is_sold_and_is_sold_when_raised(ada, ben, cy):
    event = ada.lists(capacity=2)
    path = f"/events/{event['eventId']}"
    assert ben.books(event, 2)[0] == 201
    assert ada.call("PUT", path, {"capacity": 1})[1]["code"] == "capacity_below_sold"
    assert ada.call("GET", path)[1]["capacity"] == 2
    assert cy.books(event)[1]["code"] == "sold_out"
    assert ada.call("PUT", path, {"capacity": 3})[1]["availability"] == 1
    assert cy.books(event)[0] == 201


def test_a_free_booking_is_confirmed_at_once(ada, ben):
    status, booking = ben.books(ada.lists(price=0))
    assert (status, booking["status"], booking["expiresAt"]) == (201, "confirmed", None)


def test_a_cancelled_event_cancels_its_bookings(ada, ben):
    event = ada.lists()
    booking = ben.books(event)[1]
    assert ada.call("DELETE", f"/events/{event['eventId']}")[0] == 204
    eventually(lambda: ben.call("GET", f"/bookings/{booking['bookingId']}")[1]["status"], "cancelled")
    eventually(lambda: ben.books(event)[1].get("code"), "not_on_sale")
    assert ben.call("GET", f"/events/{event['eventId']}")[1]["status"] == "cancelled"


def test_a_refresh_token_works_once_and_its_reuse_ends_the_family(ben):
    old = {"refreshToken": ben.session["refreshToken"]}
    status, new = ben.call("POST", "/token/refresh", old)
    assert status == 200
    assert ben.call("POST", "/token/refresh", old)[1]["code"] == "invalid_token"
    status, refused = ben.call("POST", "/token/refresh", {"refreshToken": new["refreshToken"]})
    assert (status, refused["code"]) == (401, "invalid_token")


@pytest.fixture
def buyers(address):
    """Four, since of one person only so many requests are in hand at once."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(Traveller(address, "ben"))) for _ in range(4)]


def all_at_once(buyers, bodies):
    """The answers to bookings that are all under way together, each buyer's after the one before's."""
    signed_in = [{"authorization": buyer.headers["Authorization"]} for buyer in buyers]
    wishes = [("POST", "/bookings", body, signed_in[n % len(buyers)]) for n, body in enumerate(bodies)]
    return at_once(buyers[0], wishes)


def test_two_hundred_at_once_and_fifty_places(ada, buyers):
    event = ada.lists(capacity=50, maxPerPerson=1000, price=0)
    body = {"eventId": event["eventId"]}
    answers = all_at_once(buyers, [body] * 200)
    booked = [booking for status, booking in answers if status == 201]
    refused = [(status, problem["code"]) for status, problem in answers if status != 201]
    assert len(booked) == 50
    assert refused == [(409, "sold_out")] * 150
    eventually(lambda: availability(ada, event), 0)

    tokens = {buyer.user_id: {"authorization": buyer.headers["Authorization"]} for buyer in buyers}
    some = [("DELETE", f"/bookings/{one['bookingId']}", None, tokens[one["userId"]]) for one in booked[:20]]
    assert {status for status, _ in at_once(buyers[0], some)} == {200}
    eventually(lambda: availability(ada, event), 20)
    again = all_at_once(buyers, [body] * 30)
    assert sorted(status for status, _ in again) == [201] * 20 + [409] * 10


def test_two_ticket_types_of_eight_under_a_cap_of_ten(ada, buyers):
    types = [{"name": name, "price": 0, "currency": "EUR", "capacity": 8} for name in ("Stalls", "Balcony")]
    event = ada.call("POST", "/events", _typed(types, capacity=10, maxPerPerson=100))[1]
    kinds = [kind["ticketTypeId"] for kind in event["ticketTypes"]]
    orders = [
        {"eventId": event["eventId"], "items": [{"ticketTypeId": kinds[n % 2], "quantity": 1}]}
        for n in range(100)
    ]
    answers = all_at_once(buyers, orders)
    assert sorted(status for status, _ in answers) == [201] * 10 + [409] * 90
    eventually(lambda: availability(ada, event), 0)


def test_one_key_sent_twenty_times_is_one_booking_and_twenty_equal_answers(ada, ben):
    event = ada.lists()
    request = ("POST", "/bookings", {"eventId": event["eventId"]}, {"Idempotency-Key": secrets.token_hex(8)})
    answers = at_once(ben, [request] * 20)
    assert {status for status, _ in answers} == {201}
    assert all(booking == answers[0][1] for _, booking in answers)
    assert len(ben.call("GET", f"/bookings?eventId={event['eventId']}")[1]["items"]) == 1


def test_a_key_that_was_refused_succeeds_when_there_is_stock_again(ada, ben, cy):
    event = ada.lists(capacity=1)
    key = {"Idempotency-Key": secrets.token_hex(8)}
    theirs = cy.books(event)[1]
    assert ben.books(event, **key)[1]["code"] == "sold_out"
    cy.call("DELETE", f"/bookings/{theirs['bookingId']}")
    status, booking = ben.books(event, **key)
    assert status == 201
    assert ben.books(event, **key) == (201, booking)
    assert ben.books(event, 2, **key)[1]["code"] == "idempotency_key_reused"


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/docs", "/openapi/bookings.json", "/.well-known/jwks.json"]
)
def test_what_is_public_answers_anybody(address, path):
    assert httpx.get(address + path).status_code == 200


def _typed(types: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return event_body(ticketTypes=types, **{"capacity": 50, **changes})
