"""What Schemathesis must know of our fields to make cases, and what every answer to them must keep."""

from datetime import UTC, datetime

import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from frontrow.chassis.ids import new_id

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
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
