"""What Prometheus reads of payments."""

from functools import partial

from django.db import transaction
from prometheus_client import Counter, Gauge

from frontrow.services.payments import rules

PAYMENTS = Counter("frontrow_payments_total", "Payments by what became of them", ["outcome"])
REFUNDS = Counter("frontrow_refunds_total", "Refunds that the provider has taken, by their cause", ["cause"])
WAITS = Gauge(
    "frontrow_money_waits_seconds", "Age of the oldest payment or refund whose outcome is not known", ["what"]
)
WITHOUT_TICKET = Gauge(
    "frontrow_paid_without_ticket",
    "Payments kept for longer than the time of grace without being a ticket, by their booking: must be 0",
    ["booking"],
)
FINDINGS = Gauge(
    "frontrow_money_findings", "What does not agree about money and nobody healed yet, by kind", ["kind"]
)

for outcome in rules.OUTCOMES:  # told as 0 at once
    PAYMENTS.labels(outcome)
for cause in rules.CAUSES.values():
    REFUNDS.labels(cause)


def became(outcome: str, payments: int = 1) -> None:
    """Count payments that came to this, once the transaction has committed."""
    transaction.on_commit(partial(PAYMENTS.labels(outcome).inc, payments))


def refunded(cause: str) -> None:
    """Count a refund that was sent, once the transaction has committed."""
    transaction.on_commit(REFUNDS.labels(cause).inc)
