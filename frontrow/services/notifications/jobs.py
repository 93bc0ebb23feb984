"""The door of notifications for the clock."""

from datetime import datetime

from frontrow.chassis.periodic import every
from frontrow.services.notifications import announcement, mailing, notification


@every(seconds=2, alone=True)
def tell_waiting(now: datetime) -> None:
    """Tell what waited for the news of its event."""
    notification.tell_waiting(now)


@every(seconds=1, alone=True)
def work_off_announcements(now: datetime) -> None:
    """Tell all who hold places, page by page."""
    announcement.work_off(now)


@every(seconds=60)
def remind(now: datetime) -> None:
    """Remind people of what begins within a day."""
    announcement.remind(now)


@every(seconds=1, alone=True)
def send_mail(now: datetime) -> None:
    """Send what is due."""
    mailing.send_due(now)


@every(seconds=15, everywhere=True)
def measure(now: datetime) -> None:
    """Set the gauge of mails that wait."""
    mailing.measure()
