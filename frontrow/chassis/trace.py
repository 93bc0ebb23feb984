"""W3C trace context: a request's id is its trace's id too, so that one id follows it through everything."""

import hashlib
import re
from uuid import UUID

HEADER = "traceparent"
FORM = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
HEXADECIMAL = re.compile(r"[0-9a-f]{32}")
NO_TRACE, SAMPLED = "0" * 32, "01"


def trace_of(request_id: str) -> str:
    """The trace of a request: its id if that is 32 hexadecimal digits, dashes aside; else its hash."""
    plain = request_id.replace("-", "").lower()
    if HEXADECIMAL.fullmatch(plain) and plain != NO_TRACE:
        return plain
    return hashlib.sha256(request_id.encode()).hexdigest()[:32]


def traceparent(request_id: str, span: UUID) -> str:
    """What continues the trace of a request, as a span of this id (its random half)."""
    return f"00-{trace_of(request_id)}-{span.hex[16:]}-{SAMPLED}"


def trace_told(header: str) -> str | None:
    """The trace that a `traceparent` continues, if it is well-formed."""
    found = FORM.fullmatch(header)
    return found[1] if found and found[1] != NO_TRACE else None
