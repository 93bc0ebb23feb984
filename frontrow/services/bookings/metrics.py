"""What Prometheus reads of bookings."""

from datetime import datetime
from functools import partial

from django.db import transaction
from prometheus_client import Counter, Gauge, Histogram

from frontrow.services.bookings.rules import CANCELLED, CONFIRMED, EXPIRED, HELD

BOOKINGS = Counter("frontrow_bookings_total", "Bookings by what became of them", ["outcome"])
HOLD_TO_CONFIRMATION = Histogram(
    "frontrow_hold_to_confirmation_seconds",
    "From a hold to its ticket, the person's own time included",
    buckets=(5, 15, 30, 60, 120, 300, 600, 900, 1200, 1500, 3600),
)
PAYMENT_TO_TICKET = Histogram(
    "frontrow_payment_to_ticket_seconds",
    "From the money's capture to the ticket: our own time",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
STOCK_LEFT = Gauge("frontrow_stock_left", "Places left of the events that are booked most", ["event"])
OVERSOLD = Gauge("frontrow_oversold_units", "Places of live bookings beyond what there is: must be 0", ["of"])
FINDINGS = Gauge("frontrow_stock_findings", "Events that do not agree and that nobody healed yet", ["kind"])

for outcome in (HELD, CONFIRMED, EXPIRED, CANCELLED):  # told as 0 at once
    BOOKINGS.labels(outcome)


def became(outcome: str, count: int = 1) -> None:
    """Count bookings that came to this, once the transaction has committed."""
    transaction.on_commit(partial(BOOKINGS.labels(outcome).inc, count))


def became_tickets(held_at: datetime, paid_at: datetime, now: datetime) -> None:
    """Count a booking that was paid for, with how long it took, once the transaction has committed."""
    became(CONFIRMED)
    transaction.on_commit(partial(HOLD_TO_CONFIRMATION.observe, (now - held_at).total_seconds()))
    transaction.on_commit(partial(PAYMENT_TO_TICKET.observe, (now - paid_at).total_seconds()))
