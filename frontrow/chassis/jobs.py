"""The chassis' own periodic work."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Count, Min

from frontrow.chassis import clock, handover, leftovers, listener, metrics
from frontrow.chassis.models import Outbox
from frontrow.chassis.periodic import every


@every(seconds=5, everywhere=True)
def measure(now: datetime) -> None:
    """Set the gauges of what waits."""
    waiting = Outbox.objects.aggregate(length=Count("id"), oldest=Min("created_at"))
    metrics.OUTBOX_LENGTH.set(waiting["length"])
    metrics.OUTBOX_AGE.set((clock.now() - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0)
    handover.measure()


@every(hours=1)
def forget(now: datetime) -> None:
    """Drop marks of messages heard so long ago that none can come again, and sessions that have ended."""
    listener.forget_before(now - timedelta(days=settings.ENVIRONMENT.heard_days))
    Session.objects.filter(expire_date__lt=now).delete()


@every(hours=1, alone=True)
def clear_leftovers(now: datetime) -> None:
    """Let messages that failed tell nothing of people who are erased."""
    leftovers.clear()
