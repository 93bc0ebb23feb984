"""Whom payments asks: bookings, what is due."""

from dataclasses import dataclass
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
