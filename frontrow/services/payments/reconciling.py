"""The story of reconciling: money that is kept against tickets, and our books against the provider's.

What was lost on the way is said or done again, by the stories whose it is; they bear being told twice.
What would take a guess is only told.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max

from frontrow.services.payments import findings, ledger, messages, refund, rules, watching
from frontrow.services.payments.clients import Standing
from frontrow.services.payments.findings import Found, Heal
from frontrow.services.payments.models import Finding, Payment, Refund

LATELY = timedelta(days=7)  # payments that are compared with the ledger
EVER = datetime(1970, 1, 1, tzinfo=UTC)


def reconcile(now: datetime, everything: bool = False) -> list[Finding]:
    """Compare what is not long ago, or everything; what was found, and whether it is healed.

    Raises Unavailable if bookings does not answer, ProviderAway.
    """
    since = EVER if everything else now - watching.WATCHED
    found = findings.see_to(chain(_without_ticket(since, now), _given_back(since, now)), now)
    Finding.objects.close(rules.TICKETS, since, now)
    since = EVER if everything else now - LATELY
    found += findings.see_to(ledger.differences(since, now), now)
    Finding.objects.close(rules.LEDGER, since, now)
    return found


def _without_ticket(since: datetime, now: datetime) -> Iterator[Found]:
    for payment, standing in watching.without_ticket(since, now):
        kept = ledger.sum_of(payment, payment.amount - payment.refunding)
        details = f"{kept} are kept, and the booking is {_words(standing)}."
        found = ledger.finding(rules.WITHOUT_TICKET, payment, details, at=payment.payment_date)
        yield found, _what_heals(payment, standing, now)


def _given_back(since: datetime, now: datetime) -> Iterator[Found]:
    back = Payment.objects.filter(status=rules.REFUNDED, payment_date__gt=since)
    past_grace = back.annotate(since=Max("refunds__refund_date")).filter(since__lte=now - rules.GRACE)
    for payment, standing in watching.with_standing(past_grace):
        if standing.status == rules.TICKET and standing.paid_by == payment.pk:
            details = "All of its money went back, and the booking is a ticket still."
            found = ledger.finding(rules.GIVEN_BACK, payment, details, at=payment.payment_date)
            granted = payment.refunds.filter(cause="organizer").order_by("-pk").first()
            yield found, partial(_tell_again, granted) if granted else None


def _tell_again(granted: Refund) -> str:
    """Bookings cancels what its organiser has given back."""
    with transaction.atomic(durable=True):
        messages.refund_succeeded(granted, Payment.objects.lock(granted.payment_id))
    return rules.HEALING


def _words(standing: Standing) -> str:
    by_another = ", but not by this payment" if standing.status == rules.TICKET else ""
    return standing.status + by_another


def _what_heals(payment: Payment, standing: Standing, now: datetime) -> Heal | None:
    """None where bookings may have lost data or nobody else paid for the ticket: giving back may be wrong."""
    if standing.status in rules.UNDECIDED:
        return partial(_say_again, payment.pk)
    if standing.status == rules.CANCELLED:
        cause = rules.CAUSES.get(standing.end_reason or "", rules.TOO_LATE)
        return partial(_give_back_of, payment.booking_id, cause, now)
    if standing.status == rules.TICKET and _is_paid_by(standing.paid_by, payment.booking_id):
        return partial(_give_back, payment.pk, now)
    return None


def _is_paid_by(payment_id: UUID | None, booking_id: UUID) -> bool:
    """Whether that payment is one that we have, and of which not all went back."""
    kept = Payment.objects.filter(status__in=rules.CAPTURED, refunding__lt=F("amount"))
    return payment_id is not None and kept.filter(pk=payment_id, booking_id=booking_id).exists()


def _say_again(payment_id: UUID) -> str:
    """Bookings answers by a ticket or a cancellation, as it should have before."""
    with transaction.atomic(durable=True):
        payment = Payment.objects.lock(payment_id)
        if payment.status in rules.CAPTURED and payment.refunding < payment.amount:
            messages.payment_succeeded(payment)
    return rules.HEALING


def _give_back_of(booking_id: UUID, cause: str, now: datetime) -> str:
    with transaction.atomic(durable=True):
        refund.give_back_of_booking(booking_id, cause, now)
    return rules.HEALED


def _give_back(payment_id: UUID, now: datetime) -> str:
    with transaction.atomic(durable=True):
        payment = Payment.objects.lock(payment_id)
        if payment.status in rules.CAPTURED:
            refund.give_back(payment, rules.TOO_LATE, now)
    return rules.HEALED
