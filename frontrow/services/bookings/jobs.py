"""The door of bookings for the clock."""

from datetime import datetime

from frontrow.chassis.periodic import every
from frontrow.services.bookings import ending, stock


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
    stock.tell()
