"""One request is followed through all services by its id: in the gateway, in who is asked, and in who hears of it."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from frontrow.chassis.ids import new_id
from frontrow.chassis.trace import trace_of
from tests.journeys.traveller import Traveller, eventually


@pytest.fixture
def ben(fleet: Any) -> Iterator[Traveller]:
    with closing(Traveller(fleet.address, "ben")) as one:
        yield one


def lines(fleet: Any, program: str, request_id: str) -> list[dict[str, Any]]:
    """What a program has said of a request so far."""
    text = fleet.log(program).read_text()
    return [json.loads(line) for line in text.splitlines() if request_id in line and line.startswith("{")]


def told(fleet: Any, request_id: str) -> dict[str, set[str]]:
    """Who said what of a request."""
    programs = ("gateway", "payments", "bookings", "bookings-work", "notifications-work", "reviews-work")
    return {name: {line["event"] for line in lines(fleet, name, request_id)} for name in programs}


def test_a_payment_is_followed_from_the_gateway_to_who_is_told_of_the_ticket(fleet, ben):
    request_id = str(new_id())
    _, booking = ben.books(ben.lists())
    body = {"bookingId": booking["bookingId"], "paymentMethod": "pm_card_visa"}
    assert ben.call("POST", "/payments", body, **{"X-Request-ID": request_id})[0] == 201
    eventually(lambda: told(fleet, request_id), {
        "gateway": {"request"}, "payments": {"request"}, "bookings": {"request"},
        "bookings-work": {"heard"}, "notifications-work": {"heard"}, "reviews-work": {"heard"},
    })  # fmt: skip
    for program in told(fleet, request_id):
        assert {line["trace_id"] for line in lines(fleet, program, request_id)} == {trace_of(request_id)}
    (heard,) = lines(fleet, "bookings-work", request_id)
    assert (heard["listener"], heard["type"]) == ("bookings", "payment.succeeded.v1")
