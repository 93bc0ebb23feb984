"""Identifiers: UUIDv7 (RFC 9562), which sort by the time they were made."""

from uuid import UUID

import uuid_utils.compat

__all__ = ["UUID", "new_id"]


def new_id() -> UUID:
    """A fresh UUIDv7, larger than those this process made before."""
    return uuid_utils.compat.uuid7()
