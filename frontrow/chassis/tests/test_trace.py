from uuid import UUID

import pytest

from frontrow.chassis.trace import FORM, trace_of, trace_told, traceparent

SPAN = UUID("0198c5a0-0000-7000-8123-456789abcdef")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize("request_id", [TRACE, TRACE.upper(), "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"])
def test_an_id_of_32_digits_is_its_trace(request_id):
    assert trace_of(request_id) == TRACE


@pytest.mark.parametrize("request_id", ["", "ben-42-checkout", "0" * 32, "g" * 32, "a" * 33])
def test_any_other_id_has_one_trace_of_its_own(request_id):
    assert trace_of(request_id) == trace_of(request_id) != trace_of(request_id + "!")
    assert FORM.fullmatch(traceparent(request_id, SPAN))


def test_what_continues_a_trace_says_so():
    assert traceparent(TRACE, SPAN) == f"00-{TRACE}-8123456789abcdef-01"
    assert trace_told(traceparent(TRACE, SPAN)) == TRACE


@pytest.mark.parametrize("header", [
    "", TRACE, f"00-{TRACE}", f"00-{TRACE.upper()}-8123456789abcdef-01", f"00-{'0' * 32}-8123456789abcdef-01",
    f"00-{TRACE}-8123456789abcdef-01-more", f"ff-{TRACE}-8123456789abcdef-01",
])  # fmt: skip
def test_a_malformed_header_tells_nothing(header):
    assert trace_told(header) is None
