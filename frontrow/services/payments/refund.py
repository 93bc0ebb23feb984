"""The story of a refund: granted by the organiser, or owed for a booking that ended; sent until taken."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction

from frontrow.chassis import absences, metrics
from frontrow.chassis.failpoints import point
from frontrow.chassis.idempotency import KeyReused
from frontrow.chassis.refusals import NotFound, Refusal
from frontrow.services.payments import messages, rules
from frontrow.services.payments.metrics import refunded
from frontrow.services.payments.models import Payment, Refund
from frontrow.services.payments.provider import ProviderAway
from frontrow.services.payments.providers import PROVIDER

log = structlog.get_logger(__name__)
AT_ONCE = 100


class NotPaid(Refusal):
    code, status, detail = "not_paid", 409, "Nothing was captured by this payment, so nothing can go back."


class AlreadyRefunded(Refusal):
    code, status, detail = "already_refunded", 409, "All of this payment was refunded before."


class AmountTooHigh(Refusal):
    code, status = "amount_too_high", 409
    detail = "That is more than what is left of this payment."


@dataclass(frozen=True, slots=True)
class Grant:
    """What an organiser wants to give back: an amount in minor units, or all that is left."""

    organizer_id: UUID
    payment_id: UUID
    amount: int | None = None
    reason: str = ""
    key: str | None = None
    fingerprint: str = ""


def grant(wanted: Grant, now: datetime) -> Refund:
    """Give a payment back, in part or in full; the same key does it once.

    Raises NotFound, NotPaid, AlreadyRefunded, AmountTooHigh, KeyReused, AccountDisabled. While the provider
    is away the refund is pending, and is sent again.
    """
    refund = _replayed(wanted)
    if refund is None:
        try:
            with transaction.atomic(durable=True):
                refund = _grant(wanted, now)
        except IntegrityError:  # the same key, for another payment at the same moment
            refund = _replayed(wanted)
            if refund is None:
                raise
    point("refunds.granted")
    return _sent(refund, now) if refund.status == rules.PENDING else refund


def _sent(refund: Refund, now: datetime) -> Refund:
    """The refund after an attempt to send it. It is owed, whatever becomes of that."""
    try:
        return send(refund, now)
    except Exception:
        metrics.FAULTS.labels("refund").inc()
        log.exception("refund_failed", refund_id=str(refund.refund_id), attempts=refund.attempts)
        return refund


def _replayed(wanted: Grant) -> Refund | None:
    if wanted.key is None:
        return None
    known = Refund.objects.select_related("payment")
    refund = known.filter(granted_by=wanted.organizer_id, idempotency_key=wanted.key).first()
    if refund is not None and refund.fingerprint != wanted.fingerprint:
        raise KeyReused
    return refund


def _grant(wanted: Grant, now: datetime) -> Refund:
    absences.check(wanted.organizer_id)
    theirs = Payment.objects.select_for_update().filter(organizer_id=wanted.organizer_id)
    payment = theirs.filter(payment_id=wanted.payment_id).first()
    if payment is None:
        raise NotFound
    if replayed := _replayed(wanted):
        return replayed
    left = payment.amount - payment.refunding
    amount = left if wanted.amount is None else wanted.amount
    if payment.status not in rules.CAPTURED:
        raise NotPaid
    if left == 0:
        raise AlreadyRefunded
    if amount > left:
        raise AmountTooHigh(refundable=left)
    refund = Refund(
        amount=amount, cause="organizer", reason=wanted.reason, granted_by=wanted.organizer_id,
        next_at=now + rules.FIRST_LOOK, idempotency_key=wanted.key, fingerprint=wanted.fingerprint,
    )  # fmt: skip
    return _owe(payment, refund, now)


def give_back(payment: Payment, cause: str, now: datetime) -> None:
    """Owe all that is left of a captured payment, which is locked in the caller's transaction."""
    left = payment.amount - payment.refunding
    if left:
        _owe(payment, Refund(amount=left, cause=cause, next_at=now), now)


def give_back_of_booking(booking_id: UUID, cause: str, now: datetime) -> None:
    """Owe whatever was captured for a booking that is cancelled, or still will be.

    Runs in the listener's transaction.
    """
    for payment in Payment.objects.select_for_update().filter(booking_id=booking_id).order_by("pk"):
        if payment.status in rules.CAPTURED:
            give_back(payment, cause, now)
        elif payment.status in rules.IN_FLIGHT:
            payment.unwanted, payment.next_at = cause, now
            payment.save()


def _owe(payment: Payment, refund: Refund, now: datetime) -> Refund:
    refund.payment, refund.created_at = payment, now
    payment.refunding += refund.amount
    payment.save()
    refund.save(force_insert=True)
    return refund


def send(refund: Refund, now: datetime) -> Refund:
    """Have the provider give it back; the refund as it is then: pending still, if there was no answer."""
    try:
        reference = PROVIDER.refund(str(refund.refund_id), refund.payment.order(now), refund.amount, now)
    except ProviderAway:
        metrics.FAULTS.labels("provider").inc()
        log.warning("refund_unanswered", refund_id=str(refund.refund_id), attempts=refund.attempts)
        return refund
    point("refunds.taken")
    with transaction.atomic(durable=True):
        return _done(refund, reference, now)


def _done(refund: Refund, reference: str, now: datetime) -> Refund:
    payment = Payment.objects.lock(refund.payment_id)
    pending = Refund.objects.filter(pk=refund.pk, status=rules.PENDING)
    first = pending.update(status=rules.SUCCEEDED, reference=reference, refund_date=now, next_at=None)
    refund.refresh_from_db()
    if first:
        payment.refunded += refund.amount
        payment.status = rules.status_after(payment.amount, payment.refunded)
        payment.version += 1
        payment.save()
        messages.refund_succeeded(refund, payment)
        refunded(refund.cause)
    refund.payment = payment
    return refund


def send_due(now: datetime) -> int:
    """Send refunds that wait; how many. One that fails keeps no other waiting."""
    waiting = Refund.objects.select_related("payment").claim(now, AT_ONCE, rules.LONGEST_OWED)
    for refund in waiting:
        _sent(refund, now)
    return len(waiting)
