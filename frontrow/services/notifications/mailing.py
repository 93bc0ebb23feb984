"""The story of the mail: each notification sent once; a failure tried again, and given up after two days."""

import contextlib
import smtplib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Count
from django.utils import translation
from prometheus_client import Counter, Gauge

from frontrow.chassis import clock, metrics
from frontrow.chassis.failpoints import point
from frontrow.services.notifications import clients, known, rules
from frontrow.services.notifications.letter import letter
from frontrow.services.notifications.models import (
    GIVEN_UP,
    SENT,
    SKIPPED,
    WAITING,
    Booking,
    Delivery,
    Event,
    Notification,
    Unwanted,
)

log = structlog.get_logger(__name__)
MAILS = Counter("frontrow_mails_total", "Mails by what became of an attempt", ["outcome"])
STATES = Gauge("frontrow_mails_left", "Mails that wait or were given up", ["state"])
for outcome in ("sent", "skipped", "failed", "given_up"):  # told as 0 at once
    MAILS.labels(outcome)
metrics.FAULTS.labels("mail")
AT_ONCE = 50  # mails of one run
LEASE = timedelta(minutes=5)  # how long a runner that died keeps a mail from the others
TOO_MANY_FAILURES = 3  # in a row: the server is in trouble, whatever it answers


class Pause:
    """How long this process leaves a mail server alone that is away: doubling from a second to a minute."""

    def __init__(self) -> None:
        self.until: datetime | None = None
        self.length = timedelta(0)

    def holds(self, now: datetime) -> bool:
        return self.until is not None and self.until - timedelta(minutes=1) <= now < self.until

    def begin(self, now: datetime) -> None:
        self.length = min(max(self.length * 2, timedelta(seconds=1)), timedelta(minutes=1))
        self.until = now + self.length

    def end(self) -> None:
        self.until, self.length = None, timedelta(0)


PAUSE = Pause()


def send_due(now: datetime) -> None:
    """Send some of the mails that are due, unless the server is away. Several may run at once."""
    due = [] if PAUSE.holds(now) else list(Delivery.objects.due(now).select_related("notification")[:AT_ONCE])
    if not due:
        return
    failures, connection = 0, mail.get_connection()
    try:
        for delivery in due:
            if failures == TOO_MANY_FAILURES or not _reachable(connection):
                PAUSE.begin(now)
                return
            failures = 0 if _send(delivery, connection, now) else failures + 1
    finally:
        _close(connection)
    if not failures:
        PAUSE.end()


def _reachable(connection: BaseEmailBackend) -> bool:
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as fault:
        metrics.FAULTS.labels("mail").inc()
        log.error("mail_server_is_away", why=_why(fault))
        return False
    return True


def _send(delivery: Delivery, connection: BaseEmailBackend, now: datetime) -> bool:
    """Send one mail, if it is ours and still true; false after a failure that may be the server's.

    It is ours by the clock as it is now: the mails before it may have taken long.
    """
    if not Delivery.objects.claim(delivery, clock.now() + LEASE):
        return True
    try:
        sent = _write_and_send(delivery.notification, connection, now)
    except Exception as fault:  # noqa: BLE001, counted and logged
        _close(connection)  # in whatever state it is
        _failed(delivery, fault, now)
        return isinstance(fault, smtplib.SMTPRecipientsRefused)  # of one address: the server answers
    point("mails.sent")
    state, outcome = (SENT, "sent") if sent else (SKIPPED, "skipped")
    Delivery.objects.conclude(delivery, state=state, sent_at=now if sent else None)
    MAILS.labels(outcome).inc()
    log.info(f"mail_{outcome}", kind=delivery.notification.kind, notification_id=str(delivery.pk))
    return True


def _write_and_send(notification: Notification, connection: BaseEmailBackend, now: datetime) -> bool:
    """Whether it was sent: not to somebody who is gone, nor what would mislead by now."""
    known.recall([notification])
    person = known.person_of(notification.user_id)
    if person is None or _is_unwanted(notification) or _is_outdated(notification, now):
        return False
    if notification.kind == rules.EVENT_CHANGED and not _as_it_is_now(notification):
        return False
    if notification.kind in rules.LINKED and not _takes_link(notification):
        return False
    tickets, address = _tickets(notification), notification.facts.get("to", person.email)
    with translation.override(person.reads):
        message = letter(notification, address, person.name, tickets, now)
    connection.send_messages([message])
    return True


def _is_unwanted(notification: Notification) -> bool:
    return Unwanted.objects.filter(user_id=notification.user_id, kind=notification.kind).exists()


def _takes_link(notification: Notification) -> bool:
    """Put a link that works once into the mail, and nowhere else. False if no mail is worth it without."""
    link = clients.link(notification.cause)
    if link:
        notification.facts = {**notification.facts, "link": link["token"], "to": link["email"]}
    return link is not None or notification.kind == rules.USER_REGISTERED


def _as_it_is_now(notification: Notification) -> bool:
    """Word a change anew: the event may have changed again since. False if it is as it was at first."""
    event = Event.objects.in_bulk([notification.event_id]).get(notification.event_id)
    if event is None:
        return True
    notification.facts = {**notification.facts, "after": event.terms, "event": event.snapshot}
    return bool(rules.differences(notification.facts["before"], event.terms))


def _is_outdated(notification: Notification, now: datetime) -> bool:
    events = Event.objects.in_bulk([notification.event_id])
    bookings = Booking.objects.in_bulk([notification.booking_id])
    event = next((event.snapshot for event in events.values()), None)
    status = next((booking.status for booking in bookings.values()), None)
    return rules.is_outdated(notification.kind, notification.facts, status, event, now)


def _tickets(notification: Notification) -> Sequence[UUID]:
    """The bookings whose calendar entries come with a mail."""
    if notification.kind not in (*CHANGES_ONE, *CHANGES_ALL):
        return []
    told = Notification.objects.filter(user_id=notification.user_id, kind=rules.BOOKING_CONFIRMED)
    if notification.kind in CHANGES_ONE:
        told = told.filter(booking_id=notification.booking_id)
    told = told.filter(event_id=notification.event_id)
    ids = [booking_id for booking_id in told.values_list("booking_id", flat=True) if booking_id]
    if notification.kind == rules.EVENT_CHANGED:
        return list(Booking.objects.filter(pk__in=ids, status=rules.CONFIRMED).values_list("pk", flat=True))
    return ids


def _failed(delivery: Delivery, fault: Exception, now: datetime) -> None:
    old = now - delivery.created_at > rules.GIVE_UP_AFTER
    given_up = old and delivery.attempts >= rules.LEAST_ATTEMPTS
    state, outcome = (GIVEN_UP, "given_up") if given_up else (WAITING, "failed")
    next_at = now + rules.wait_after(delivery.attempts)
    Delivery.objects.conclude(delivery, state=state, next_at=next_at, error=_why(fault))
    MAILS.labels(outcome).inc()
    metrics.FAULTS.labels("mail").inc()
    of_server = isinstance(fault, OSError)  # as those of smtplib are; their texts tell addresses
    log.error(f"mail_{outcome}", kind=delivery.notification.kind, notification_id=str(delivery.pk),
              attempts=delivery.attempts, why=_why(fault), exc_info=None if of_server else fault)  # fmt: skip


def _why(fault: Exception) -> str:
    """The fault without anybody's address, which servers like to repeat."""
    code = getattr(fault, "smtp_code", None) or getattr(fault, "errno", None)
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        code = next((code for code, _ in fault.recipients.values()), None)
    return f"{type(fault).__name__} {code or ''}".strip()


def _close(connection: BaseEmailBackend) -> None:
    with contextlib.suppress(OSError, smtplib.SMTPException):
        connection.close()


def measure() -> None:
    """Set the gauge of mails that wait or were given up."""
    counted = Delivery.objects.filter(state__in=[WAITING, GIVEN_UP]).values_list("state")
    counts = dict(counted.annotate(count=Count("pk")))
    for state in (WAITING, GIVEN_UP):
        STATES.labels(state).set(counts.get(state, 0))


CHANGES_ONE = (rules.BOOKING_CONFIRMED, rules.BOOKING_CANCELLED)
CHANGES_ALL = (rules.EVENT_CHANGED, rules.EVENT_CANCELLED)
