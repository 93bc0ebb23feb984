"""Idempotency-Key: a client's name for one act, kept per person and path.

Each service keeps the key in a unique column of what the act makes, so that the database itself decides
(docs/decisions/0005-idempotency-key-is-a-column.md).
"""

import hashlib
import json
import re

from django.http import HttpRequest
from pydantic import BaseModel

from frontrow.chassis.refusals import BadRequest, Refusal

HEADER = "Idempotency-Key"
FORM = re.compile(r"[\x21-\x7e]{1,255}")

PARAMETER = {  # in OpenAPI
    "name": HEADER, "in": "header", "required": False,
    "description": "The same key with the same body acts once",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}  # fmt: skip


class InvalidKey(BadRequest):
    code, detail = "invalid_idempotency_key", "An Idempotency-Key is 1 to 255 visible ASCII characters."


class KeyReused(Refusal):
    code, status = "idempotency_key_reused", 422
    detail = "This Idempotency-Key was used with another body. Use a fresh key for a new request."


def key_of(request: HttpRequest) -> str | None:
    """The request's Idempotency-Key, if it has one. Raises InvalidKey."""
    return valid(request.headers.get(HEADER))


def valid(key: str | None) -> str | None:
    """A key, or none. Raises InvalidKey."""
    if key is not None and not FORM.fullmatch(key):
        raise InvalidKey
    return key


def fingerprint(body: BaseModel) -> str:
    """What the client asked for, as SHA-256: equal for bodies that mean the same."""
    canonical = json.dumps(body.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
