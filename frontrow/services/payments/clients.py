"""Whom payments asks: bookings, what is due, and what became of what was paid."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from frontrow.chassis import http
from frontrow.chassis.refusals import NotFound, Refusal, Unavailable


class NothingDue(Refusal):
    code, status, detail = "nothing_due", 409, "Nothing is to be paid for this booking."


@dataclass(frozen=True, slots=True)
class Due:
    """What a person owes for a booking, in minor units."""

    booking_id: UUID
    user_id: UUID
    event_id: UUID
    organizer_id: UUID
    amount: int
    currency: str

    @classmethod
    def of(cls, facts: dict[str, Any]) -> "Due":
        """From an answer of bookings."""
        booking, user, event, organizer = (
            UUID(facts[name]) for name in ("bookingId", "userId", "eventId", "organizerId")
        )
        return cls(booking, user, event, organizer, facts["amount"], facts["currency"])


def due(booking_id: UUID, user_id: UUID) -> Due:
    """What is due for a person's own hold, which is extended, once, so that there is time to pay.

    Raises NotFound, NothingDue, and Unavailable if bookings does not answer.
    """
    path = f"/internal/bookings/{booking_id}/due"
    answer = http.ask("bookings", "POST", path, json={"userId": str(user_id)})
    if answer.status_code == NotFound.status:
        raise NotFound
    if answer.status_code == NothingDue.status:
        raise NothingDue(answer.json()["detail"])
    if answer.status_code != 200:
        raise Unavailable
    return Due.of(answer.json())


def dues(owners: Mapping[UUID, UUID]) -> dict[UUID, Due]:
    """The same of bookings by who pays, 500 at most; those of which nothing is due to be paid are left out.

    Raises Unavailable.
    """
    items = [{"bookingId": str(booking), "userId": str(user)} for booking, user in owners.items()]
    answer = http.ask("bookings", "POST", "/internal/dues", json={"items": items})
    if answer.status_code != 200:
        raise Unavailable
    return {due.booking_id: due for due in map(Due.of, answer.json()["items"])}


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a booking: its status, the payment that it was answered for, when it ended, and why."""

    status: str
    paid_by: UUID | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None

    @classmethod
    def of(cls, facts: dict[str, Any]) -> "Standing":
        """From an answer of bookings."""
        paid_by, ended_at, why = facts["paidBy"], facts["endedAt"], facts.get("endReason")
        ended_at = ended_at and datetime.fromisoformat(ended_at)
        return cls(facts["status"], paid_by and UUID(paid_by), ended_at, why)


UNKNOWN = Standing("unknown")  # to bookings


def standings(booking_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """What became of these bookings, 500 at most; those that bookings does not know are left out.

    Raises Unavailable.
    """
    body = {"bookingIds": [str(booking_id) for booking_id in booking_ids]}
    answer = http.ask("bookings", "POST", "/internal/standings", attempts=3, json=body)
    if answer.status_code != 200:
        raise Unavailable
    return {UUID(item["bookingId"]): Standing.of(item) for item in answer.json()["items"]}
