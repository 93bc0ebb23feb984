"""The story of two books: our payments and refunds against the provider's ledger.

Ours are read first. What we know the provider knows already, so a difference is none of timing.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum

from frontrow.chassis import money
from frontrow.services.payments import payment as story
from frontrow.services.payments import rules
from frontrow.services.payments.findings import Found
from frontrow.services.payments.models import Finding, Payment, Refund
from frontrow.services.payments.provider import Entry
from frontrow.services.payments.providers import PROVIDER

AT_ONCE = 500  # payments about which the provider is asked in one call


def differences(since: datetime, now: datetime) -> Iterator[Found]:
    """Where the books differ on what began since then. Raises ProviderAway."""
    for payments in _pages(since, now):
        entries = PROVIDER.entries([payment.order(payment.created_at) for payment in payments])
        for payment in payments:
            if found := _compared(payment, entries.get(str(payment.pk)), now):
                yield found
    yield from _refunds_that_wait(now)
    yield from _charges_of_nobody(since, now)


def finding(kind: str, payment: Payment, details: str, **other: Any) -> Finding:
    """Something about a payment, not written down yet."""
    facts = {"about": str(payment.pk), "at": payment.created_at, **other}
    return Finding(
        kind=kind, payment_id=payment.pk, booking_id=payment.booking_id, event_id=payment.event_id,
        organizer_id=payment.organizer_id, details=details, **facts,
    )  # fmt: skip


def _pages(since: datetime, now: datetime) -> Iterator[list[Any]]:
    sent = Sum("refunds__amount", filter=Q(refunds__status=rules.SUCCEEDED), default=0)
    settled = Payment.objects.filter(created_at__gte=since, created_at__lte=now - rules.STUCK)
    payments = settled.annotate(sent=sent).order_by("pk")
    page = list(payments[:AT_ONCE])
    while page:
        yield page
        page = list(payments.filter(pk__gt=page[-1].pk)[:AT_ONCE])


def _compared(payment: Any, entry: Entry | None, now: datetime) -> Found | None:
    if payment.status not in rules.CAPTURED:
        return _unheard(payment, entry, now) if _is_unheard(payment, entry, now) else None
    if entry is None or entry.status != rules.SUCCEEDED:
        status = entry.status if entry else "unknown"
        return finding(rules.CHARGE_MISSING, payment, f"Captured, but to the provider it is {status}."), None
    if entry.captured != payment.amount:
        ours, theirs = (sum_of(payment, each) for each in (payment.amount, entry.captured))
        return finding(rules.AMOUNT_DIFFERS, payment, f"{ours} taken, but the provider took {theirs}."), None
    if payment.sent != payment.refunded or not payment.refunded <= entry.refunded <= _granted(payment, entry):
        ours, theirs = (sum_of(payment, each) for each in (payment.refunded, entry.refunded))
        return finding(rules.REFUND_DIFFERS, payment, f"{ours} back, but the provider gave {theirs}."), None
    return None


def _is_unheard(payment: Payment, entry: Entry | None, now: datetime) -> bool:
    """Whether we should know by now what the provider knows."""
    if payment.status == rules.FAILED:
        return entry is not None and entry.status == rules.SUCCEEDED
    if payment.status == rules.PROCESSING or payment.created_at <= now - rules.TO_AUTHENTICATE - rules.STUCK:
        return True
    return entry is None or (entry.status != payment.status and entry.at <= now - rules.STUCK)


def _unheard(payment: Payment, entry: Entry | None, now: datetime) -> Found:
    theirs = entry.status if entry else "unknown"
    details = f"{sum_of(payment, payment.amount)}: {payment.status}, but to the provider it is {theirs}."
    return finding(rules.UNHEARD, payment, details), partial(_look, payment, now)


def _look(payment: Payment, now: datetime) -> str:
    """As the job does that looks at payments; what was captured too late goes back by that."""
    payment.refresh_from_db()
    after = story.look(payment, now)
    return rules.OPEN if after.status in rules.IN_FLIGHT else rules.HEALED


def _granted(payment: Payment, entry: Entry) -> int:
    """What may have gone back: read again if need be, since more may have been granted meanwhile."""
    if entry.refunded > payment.refunding:
        payment.refresh_from_db(fields=["refunding"])
    return payment.refunding


def _refunds_that_wait(now: datetime) -> Iterator[Found]:
    waiting = Refund.objects.filter(status=rules.PENDING, created_at__lte=now - rules.STUCK)
    for refund in waiting.select_related("payment").order_by("pk").iterator(AT_ONCE):
        details = f"{sum_of(refund.payment, refund.amount)} are owed, and the provider has not taken them."
        own = {"about": str(refund.pk), "at": refund.created_at}
        found = finding(rules.REFUND_WAITS, refund.payment, details, **own)
        yield found, partial(_send_again, refund, now) if refund.next_at is None else None


def _send_again(refund: Refund, now: datetime) -> str:
    """Only one that nobody would send."""
    Refund.objects.filter(pk=refund.pk, status=rules.PENDING, next_at=None).update(next_at=now)
    return rules.HEALING


def _charges_of_nobody(since: datetime, now: datetime) -> Iterator[Found]:
    for entries in PROVIDER.ledger(since):
        some = [entry for entry in entries if entry.captured > entry.refunded]
        kept = [entry for entry in some if entry.at <= now - rules.GRACE]
        ids = {entry.key: _id(entry.key) for entry in kept}
        ours = Payment.objects.in_bulk([each for each in ids.values() if each])
        for entry in kept:
            if ids[entry.key] not in ours:
                amount = money.shown(entry.captured - entry.refunded, entry.currency)
                details = f"The provider took {amount} ({entry.reference}) for no payment that we know."
                yield Finding(kind=rules.CHARGE_UNKNOWN, about=entry.key, details=details, at=entry.at), None


def _id(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:  # a charge that somebody made by hand
        return None


def sum_of(payment: Payment, amount: int) -> str:
    """An amount in minor units, as people read it."""
    return money.shown(amount, payment.currency)
