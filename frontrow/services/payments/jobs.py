"""The door of payments for the clock."""

from datetime import datetime

from frontrow.chassis.periodic import every
from frontrow.services.payments import payment, refund


@every(seconds=1, alone=True)
def look_at_payments(now: datetime) -> None:
    """Learn what became of payments whose outcome is not known."""
    payment.look_due(now)


@every(seconds=0.5, alone=True)
def send_refunds(now: datetime) -> None:
    """Give back what is owed, until the provider has taken it."""
    refund.send_due(now)
