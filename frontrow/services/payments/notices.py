"""The story of what the provider tells by itself: kept once, whatever comes of it; then it is asked.

It comes late, twice, in any order, or never: so it changes nothing by itself, and nothing waits for it.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from frontrow.chassis import metrics
from frontrow.chassis.failpoints import point
from frontrow.services.payments import findings, ledger, payment, rules
from frontrow.services.payments.models import Payment, ProviderNotice
from frontrow.services.payments.providers import PROVIDER

log = structlog.get_logger(__name__)
AT_ONCE = 50
LONGEST = timedelta(minutes=5)  # between attempts to look into one
KEPT = timedelta(days=30)  # Stripe repeats what it does not get rid of for three days


def keep(body: bytes, signature: str, now: datetime) -> None:
    """Write down what the provider tells, once. Raises Forged."""
    told = PROVIDER.told(body, signature, now)
    if told is None:
        return
    row = ProviderNotice(
        notice_id=told.notice_id, kind=told.kind, key=told.key, reference=told.reference,
        details=told.details, received_at=now, next_at=now,
    )  # fmt: skip
    with transaction.atomic(durable=True):
        ProviderNotice.objects.bulk_create([row], ignore_conflicts=True)
    point("notices.kept")


def look_into_due(now: datetime) -> int:
    """Look into notices that wait; how many. One that fails keeps no other waiting."""
    waiting = ProviderNotice.objects.claim(now, AT_ONCE, LONGEST)
    for notice in waiting:
        _look_into_safely(notice, now)
    return len(waiting)


def forget_old(now: datetime) -> int:
    """Delete notices that were looked into long ago; how many."""
    return ProviderNotice.objects.filter(received_at__lt=now - KEPT, next_at=None).delete()[0]


def _look_into_safely(notice: ProviderNotice, now: datetime) -> None:
    try:
        _look_into(notice, now)
    except Exception:
        metrics.FAULTS.labels("notice").inc()
        log.exception("notice_failed", notice_id=notice.pk, kind=notice.kind, attempts=notice.attempts)
    else:
        point("notices.looked_into")
        ProviderNotice.objects.filter(pk=notice.pk).update(next_at=None)


def _look_into(notice: ProviderNotice, now: datetime) -> None:
    known = _payment(notice.key or PROVIDER.key_of(notice.reference))
    log.info("provider_told", notice_id=notice.pk, kind=notice.kind, payment_id=known and str(known.pk))
    if known and notice.details:
        over = notice.kind == "charge.dispute.closed"
        facts = {"about": notice.reference, "state": rules.GONE if over else rules.OPEN}
        found = ledger.finding(rules.DISPUTED, known, notice.details, **facts)
        findings.see_to([(found, None)], now)
    elif known and known.status not in rules.CAPTURED:
        payment.hear(known, now)


def _payment(key: str) -> Payment | None:
    try:
        return Payment.objects.filter(pk=UUID(key)).first()
    except ValueError:  # a charge that somebody made by hand
        return None
