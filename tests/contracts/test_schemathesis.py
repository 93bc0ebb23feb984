"""Schemathesis against each service's OpenAPI: whatever comes in, no fault, and no answer outside the schema."""

from contextlib import closing
from pathlib import Path

import pytest
import schemathesis
from schemathesis.specs.openapi import checks

from tests.contracts.generating import CHECKS, IDS
from tests.journeys.traveller import Traveller
from tests.security import pace

HTTP = Path(__file__).parents[2] / "contracts" / "http"


@pytest.fixture(scope="module")
def token(address):
    with closing(Traveller(address, "schemathesis")) as person:
        event, free = person.lists(), person.lists(price=0, capacity=3)
        IDS[:] = [event["eventId"], free["eventId"], event["ticketTypes"][0]["ticketTypeId"], person.user_id]
        IDS.extend(person.books(each)[1]["bookingId"] for each in (event, free))
        yield {"Authorization": person.headers["Authorization"]}


def against(service):
    """The test of one service: every operation, with a token and without."""
    schema = schemathesis.openapi.from_path(HTTP / f"{service}.json")

    @schema.parametrize()
    @pace.of_calls()
    def test(case, address, token):
        signed_in = case.call(base_url=address, headers=token)
        case.validate_response(signed_in, checks=[*CHECKS, checks.unsupported_method])
        anonymous = case.call(base_url=address)
        case.validate_response(anonymous, checks=[*CHECKS, checks.unsupported_method])

    return test


test_users = against("users")
test_events = against("events")
test_bookings = against("bookings")
test_payments = against("payments")
test_reviews = against("reviews")
test_notifications = against("notifications")
