"""How a booking stands, from what bookings and payments tell. No Django, no clock, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

HELD, PAYING, AT_BANK, LAPSED = "held", "paying", "at_bank", "lapsed"
TICKET, OVER, CANCELLED = "ticket", "over", "cancelled"
CAPTURED = ("succeeded", "partially_refunded", "refunded")
Facts = Mapping[str, Any]


def standing(booking: Facts, payments: Sequence[Facts], event: Facts | None, now: datetime) -> str:
    """One of the above. `payments` are the booking's, the newest first.

    What is paid but not yet a ticket is still on its way: it becomes one, or the money goes back.
    """
    if booking["status"] == "confirmed":
        return OVER if event and event["endDate"] <= now else TICKET
    if booking["status"] == "cancelled":
        return CANCELLED
    last = payments[0]["status"] if payments else ""
    if last == "processing" or last in CAPTURED:
        return PAYING
    if booking["status"] == "expired" or booking["expiresAt"] <= now:
        return LAPSED
    return AT_BANK if last == "requires_action" else HELD


@dataclass(frozen=True, slots=True)
class Money:
    """What was paid for a booking and what has come back, in minor units of one currency."""

    paid: int
    back: int

    @classmethod
    def of(cls, payments: Sequence[Facts]) -> "Money":
        """From a booking's payments."""
        captured = [each for each in payments if each["status"] in CAPTURED]
        return cls(sum(each["amount"] for each in captured), sum(each["refundedAmount"] for each in captured))

    @property
    def rest(self) -> int:
        """What has not come back."""
        return self.paid - self.back


def failed(payments: Sequence[Facts]) -> int:
    """How often paying has failed so far."""
    return sum(each["status"] == "failed" for each in payments)


def declined(payments: Sequence[Facts]) -> Facts | None:
    """Why the last attempt to pay failed, if it did."""
    last = payments[0] if payments else None
    return last["failure"] if last and last["status"] == "failed" else None
