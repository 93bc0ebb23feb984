"""Decisions about money. No Django, no clock, no I/O."""

from datetime import timedelta

PROCESSING, REQUIRES_ACTION, SUCCEEDED, FAILED = "processing", "requires_action", "succeeded", "failed"
PARTIALLY_REFUNDED, REFUNDED = "partially_refunded", "refunded"
PENDING = "pending"  # of a refund, until the provider has taken it
STATUSES = (PROCESSING, REQUIRES_ACTION, SUCCEEDED, FAILED, PARTIALLY_REFUNDED, REFUNDED)
IN_FLIGHT = (PROCESSING, REQUIRES_ACTION)
CAPTURED = (SUCCEEDED, PARTIALLY_REFUNDED, REFUNDED)

OUTCOMES = ("succeeded", "requires_action", "declined", "given_up")  # of a payment, as counted
TICKET = "confirmed"  # the status of a booking that is one
CANCELLED = "cancelled"
UNDECIDED = ("held", "expired")  # as long as bookings has not answered what was paid
STANDINGS = (*UNDECIDED, TICKET, CANCELLED, "unknown")  # of a booking; confirmed by another payment
GRACE = timedelta(minutes=5)  # for what was paid to become a ticket, and for what ended to be owed

WITHOUT_TICKET = "paid_without_ticket"  # kinds of findings: kept, though the booking is no ticket by it
GIVEN_BACK = "ticket_given_back"  # all of its money went back, and it is a ticket still
UNHEARD = "outcome_unheard"  # the provider knows what became of it, or waits for nobody any more
CHARGE_MISSING = "charge_missing"  # captured, as we have it, but not as the provider has it
CHARGE_UNKNOWN = "charge_unknown"  # the provider took money for no payment of ours
AMOUNT_DIFFERS, REFUND_DIFFERS = "amount_differs", "refund_differs"  # from what the provider took, gave back
REFUND_WAITS = "refund_waits"  # the provider has not taken it
DISPUTED = "disputed"  # somebody took it to their bank, and a person has to answer
LEDGER = (UNHEARD, CHARGE_MISSING, CHARGE_UNKNOWN, AMOUNT_DIFFERS, REFUND_DIFFERS, REFUND_WAITS)
TICKETS = (WITHOUT_TICKET, GIVEN_BACK)
FINDINGS = (*TICKETS, *LEDGER, DISPUTED)
OPEN, HEALING, HEALED, GONE = "open", "healing", "healed", "gone"  # what became of a finding; gone by itself
MOST_TRIES = 3  # of healing one: who did not heal by then needs a person
STUCK = timedelta(minutes=15)  # in which the provider should have answered

TO_AUTHENTICATE = timedelta(hours=1)  # how long a person has to complete a payment at their bank
FIRST_LOOK, LONGEST_WAIT = timedelta(seconds=5), timedelta(seconds=20)
LONGEST_OWED = timedelta(seconds=10)  # between attempts to send a refund
LONGEST_AT_BANK = timedelta(minutes=5)  # between looks at a payment that its person has to complete
TOO_LATE = "paid_too_late"
CAUSES = {  # of a refund, by the reason for which a booking was cancelled
    "person": "person",
    "event_cancelled": "event_cancelled",
    "paid_too_late": TOO_LATE,
    "refunded": "organizer",
}
GIVEN_UP = {  # why we ended a payment ourselves, as told to the person
    "superseded": "Another payment was begun instead.",
    "no_answer": "The bank did not answer, and nothing was charged. Try again, or use another card.",
    "not_authenticated": "The payment was not completed in time, and nothing was charged. Try again.",
    "booking_cancelled": "The booking was cancelled, and nothing was charged.",
}


def status_after(captured: int, refunded: int) -> str:
    """What a payment is after so much of it went back, in minor units."""
    if refunded == 0:
        return SUCCEEDED
    return REFUNDED if refunded >= captured else PARTIALLY_REFUNDED


def outcome_of(status: str, failure_code: str) -> str:
    """What a payment's new status is counted as."""
    if status != FAILED:
        return status
    return "given_up" if failure_code in GIVEN_UP else "declined"


def wait_after(attempts: int, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """How long until the provider is asked again: doubling from five seconds."""
    return min(FIRST_LOOK * 2 ** min(attempts, 10), longest)
