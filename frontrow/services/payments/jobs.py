"""The door of payments for the clock."""

from datetime import datetime

from frontrow.chassis.periodic import every
from frontrow.services.payments import notices, payment, reconciling, refund, watching


@every(seconds=1, alone=True)
def look_at_payments(now: datetime) -> None:
    """Learn what became of payments whose outcome is not known."""
    payment.look_due(now)


@every(seconds=1, alone=True)
def look_into_notices(now: datetime) -> None:
    """See to what the provider told."""
    notices.look_into_due(now)


@every(hours=6, alone=True)
def forget_old_notices(now: datetime) -> None:
    """Let go of what the provider told long ago."""
    notices.forget_old(now)


@every(seconds=0.5, alone=True)
def send_refunds(now: datetime) -> None:
    """Give back what is owed, until the provider has taken it."""
    refund.send_due(now)


@every(seconds=15, everywhere=True)
def measure(now: datetime) -> None:
    """Set the gauges of money that waits, and of what does not agree."""
    watching.look_at_what_waits(now)
    watching.look_at_findings()


@every(seconds=60, alone=True, everywhere=True)
def look_for_paid_without_ticket(now: datetime) -> None:
    """See whether money is kept for what is no ticket."""
    watching.look_for_paid_without_ticket(now)


@every(minutes=5, alone=True)
def reconcile(now: datetime) -> None:
    """Compare payments with bookings and with the provider's ledger, and heal what differs."""
    reconciling.reconcile(now)
