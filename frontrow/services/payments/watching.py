"""The story of watching: that what was paid is a ticket or goes back, and that no money waits for long."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from django.db.models import Count, F, Min, Q, QuerySet

from frontrow.chassis.metrics import or_unknown
from frontrow.services.payments import clients, rules
from frontrow.services.payments.metrics import FINDINGS, WAITS, WITHOUT_TICKET
from frontrow.services.payments.models import Finding, Payment, Refund

log = structlog.get_logger(__name__)
AT_ONCE = 500  # payments about which bookings is asked in one call
WATCHED = timedelta(days=90)  # after its capture


def look_for_paid_without_ticket(now: datetime) -> int:
    """Set the gauge of payments that are kept though their booking is no ticket by them; how many.

    Raises Unavailable if bookings does not answer.
    """
    with or_unknown(WITHOUT_TICKET):
        found = dict.fromkeys(rules.STANDINGS, 0)
        for payment, standing in without_ticket(now - WATCHED, now):
            found[standing.status] += 1
            log.error("paid_without_ticket", payment_id=str(payment.pk), booking=standing.status,
                      booking_id=str(payment.booking_id))  # fmt: skip
        for status, count in found.items():
            WITHOUT_TICKET.labels(status).set(count)
    return sum(found.values())


def without_ticket(since: datetime, now: datetime) -> Iterator[tuple[Payment, clients.Standing]]:
    """The payments captured since then that are kept without being a ticket, past the time of grace.

    Raises Unavailable if bookings does not answer.
    """
    captured = Q(payment_date__gt=since, payment_date__lte=now - rules.GRACE)
    kept = Payment.objects.filter(captured, status__in=rules.CAPTURED, refunding__lt=F("amount"))
    for payment, standing in with_standing(kept):
        if _lacks_ticket(payment, standing, now):
            yield payment, standing


def with_standing(payments: "QuerySet[Payment]") -> Iterator[tuple[Payment, clients.Standing]]:
    """Each of these with what became of its booking, for which bookings is asked page by page.

    Raises Unavailable.
    """
    page = list(payments.order_by("pk")[:AT_ONCE])
    while page:
        standings = clients.standings([payment.booking_id for payment in page])
        for payment in page:
            yield payment, standings.get(payment.booking_id, clients.UNKNOWN)
        page = list(payments.filter(pk__gt=page[-1].pk).order_by("pk")[:AT_ONCE])


def _lacks_ticket(payment: Payment, standing: clients.Standing, now: datetime) -> bool:
    if standing.status == rules.TICKET and standing.paid_by == payment.payment_id:
        return False
    return max(payment.payment_date, standing.ended_at or payment.payment_date) <= now - rules.GRACE


def look_at_what_waits(now: datetime) -> None:
    """Set the gauge of how long the oldest payment without an answer, and the oldest refund owed, wait."""
    unknown = Q(status=rules.PROCESSING) | Q(unwanted__isnull=False, status__in=rules.IN_FLIGHT)
    WAITS.labels("payment").set(_age_of_oldest(Payment.objects.filter(unknown), now))
    WAITS.labels("refund").set(_age_of_oldest(Refund.objects.filter(status=rules.PENDING), now))


def _age_of_oldest(rows: "QuerySet[Payment] | QuerySet[Refund]", now: datetime) -> float:
    oldest = rows.aggregate(since=Min("created_at"))["since"]
    return (now - oldest).total_seconds() if oldest else 0.0


def look_at_findings() -> None:
    """Set the gauge of what reconciling.py found and could not heal."""
    unhealed = Finding.objects.filter(state=rules.OPEN).values_list("kind").annotate(count=Count("pk"))
    for kind, count in (dict.fromkeys(rules.FINDINGS, 0) | dict(unhealed)).items():
        FINDINGS.labels(kind).set(count)
