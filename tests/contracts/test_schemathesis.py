"""Schemathesis against each service's OpenAPI: whatever comes in, no fault, and no answer outside the schema."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from frontrow.chassis.ids import new_id
from tests.journeys.traveller import Traveller
from tests.security import pace

HTTP = Path(__file__).parents[2] / "contracts" / "http"
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.unsupported_method,
]

IDS: list[str] = []  # of things that exist, so that not everything is a 404

schemathesis.openapi.format(
    "iana-time-zone", st.sampled_from(["Europe/Berlin", "Asia/Tokyo", "Mars/Olympus"])
)
schemathesis.openapi.format(
    "payment-method",
    st.sampled_from(
        ["pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired", "pm_card_gold"]
    ),
)
schemathesis.openapi.format("iso-4217", st.sampled_from(["EUR", "USD", "JPY", "XYZ"]))
schemathesis.openapi.format(
    "date-time",
    st.integers(1_800_000_000, 5_000_000_000).map(lambda n: datetime.fromtimestamp(n, UTC).isoformat()),
)
schemathesis.openapi.format(
    "uuid", st.integers(0, 9).map(lambda n: IDS[n] if n < len(IDS) else str(new_id()))
)


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
        case.validate_response(signed_in, checks=CHECKS)
        anonymous = case.call(base_url=address)
        case.validate_response(anonymous, checks=CHECKS)

    return test


test_users = against("users")
test_events = against("events")
test_bookings = against("bookings")
test_payments = against("payments")
test_reviews = against("reviews")
test_notifications = against("notifications")
