"""The door of bookings for the clock."""

from datetime import datetime

from frontrow.chassis.periodic import every
from frontrow.services.bookings import ending, reconciling, stock, watching


@every(seconds=1)
def expire_holds(now: datetime) -> None:
    """End holds on time; their places come back."""
    ending.expire(now)


@every(seconds=1)
def close_cancelled_events(now: datetime) -> None:
    """Cancel the bookings of cancelled events."""
    ending.close_cancelled(now)


@every(seconds=0.5)
def tell_stock(now: datetime) -> None:
    """Let the availability shown with events follow."""
    stock.tell(now)


@every(seconds=15, everywhere=True)
def measure_sales(now: datetime) -> None:
    """Set the gauges of what sells."""
    watching.look_at_sales(now)


@every(seconds=15, everywhere=True)
def measure_findings(now: datetime) -> None:
    """Set the gauge of what does not agree."""
    watching.look_at_findings()


@every(seconds=30, alone=True, everywhere=True)
def look_for_oversold(now: datetime) -> None:
    """See whether anything was sold twice; it reads all live bookings, which takes its time."""
    watching.look_for_oversold(now)


@every(minutes=5, alone=True)
def reconcile(now: datetime) -> None:
    """Compare stock with bookings, and heal what differs; it reads all live bookings, too."""
    reconciling.reconcile(now)
