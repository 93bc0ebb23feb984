"""The story of a payment: begun, charged, settled; looked at until its outcome is known."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q

from frontrow.chassis import absences, clock, metrics
from frontrow.chassis.failpoints import point
from frontrow.chassis.http import refuse_inside_transaction
from frontrow.chassis.idempotency import KeyReused
from frontrow.chassis.middleware import request_id
from frontrow.chassis.refusals import NotFound, Refusal, Unavailable
from frontrow.services.payments import clients, messages, refund, rules
from frontrow.services.payments.clients import Due, NothingDue
from frontrow.services.payments.metrics import became
from frontrow.services.payments.models import Payment
from frontrow.services.payments.provider import CANCELLED, Outcome, ProviderAway
from frontrow.services.payments.providers import PROVIDER

log = structlog.get_logger(__name__)
AT_ONCE, BATCHES = 20, 5
TICK, TWIN_SECONDS, OTHER_SECONDS = 0.05, 5.0, 1.0  # of waiting for a payment with the same key; another
ATTEMPTS = 5


class PaymentDeclined(Refusal):
    code, status, detail = "payment_declined", 402, "The payment was declined. Try another card."


class PaymentInProgress(Refusal):
    code, status = "payment_in_progress", 409
    detail = "A payment for this booking is being processed. Look again in a moment."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who pays for what, and how."""

    user_id: UUID
    booking_id: UUID
    method: str
    key: str | None = None
    fingerprint: str = ""
    asked_by: str = field(default_factory=lambda: request_id() or "", compare=False)


def pay(wanted: Wanted, now: datetime) -> Payment:
    """Pay for a person's own hold; the same key pays once. `processing`, if the provider did not answer.

    Raises NotFound, NothingDue, PaymentDeclined, PaymentInProgress, KeyReused, AccountDisabled, Unavailable.
    """
    replayed = _replayed(wanted)
    return replayed or charge(clients.due(wanted.booking_id, wanted.user_id), wanted, now)


def charge(due: Due, wanted: Wanted, now: datetime) -> Payment:
    """The same, when what is due is known."""
    refuse_inside_transaction("paying")
    for _ in range(ATTEMPTS):
        before = Payment.objects.open_of(due.booking_id)
        if before is not None and (replayed := _make_way(before, wanted, now)):
            return replayed
        try:
            payment = _begin(due, wanted, now)
        except IntegrityError:  # somebody else began at the same moment, or the key pays elsewhere
            if replayed := _replayed(wanted):
                return replayed
            continue
        return order(payment, now)
    raise PaymentInProgress


def find(payment_id: UUID, person: UUID) -> Payment:
    """A payment that a person made, or that was made for their event. Raises NotFound."""
    payment = Payment.objects.seen_by(person).filter(payment_id=payment_id).first()
    if payment is None:
        raise NotFound
    return payment


def _replayed(wanted: Wanted) -> Payment | None:
    """What the same key led to, once that is known; None if nothing, or a refusal."""
    if wanted.key is None:
        return None
    mine = Payment.objects.filter(user_id=wanted.user_id, idempotency_key=wanted.key)
    known = mine.exclude(status=rules.FAILED).first()
    if known is None:
        return None
    if known.fingerprint != wanted.fingerprint:
        raise KeyReused
    known = _awaited(known, TWIN_SECONDS)
    return None if known.status == rules.FAILED else known


def _make_way(before: Payment, wanted: Wanted, now: datetime) -> Payment | None:
    """See to a booking's earlier payment before another begins; it, if it is the one that is wanted."""
    if replayed := _replayed(wanted):
        return replayed
    before = _awaited(before, OTHER_SECONDS)
    if before.status == rules.PROCESSING:
        raise PaymentInProgress(paymentId=str(before.payment_id))
    if before.status == rules.REQUIRES_ACTION:
        before = give_up(before, "superseded", now)
    if before.status in rules.CAPTURED:
        raise NothingDue("This booking was paid for.")
    return None


def _awaited(payment: Payment, seconds: float) -> Payment:
    """A payment once it is no longer in the hands of another request, or after a while as it is."""
    until = time.monotonic() + seconds
    while payment.status == rules.PROCESSING and time.monotonic() < until:
        time.sleep(TICK)
        payment.refresh_from_db()
    return payment


def draft(due: Due, wanted: Wanted, now: datetime) -> Payment:
    """A payment as it is written down before anybody is asked for money.

    For a while it is ours alone, by the clock as it is now: the caller's may be older.
    """
    ours_until = clock.now() + rules.LONGEST_WAIT
    return Payment(
        booking_id=due.booking_id, user_id=due.user_id, event_id=due.event_id,
        organizer_id=due.organizer_id, amount=due.amount, currency=due.currency, method=wanted.method,
        status=rules.PROCESSING, payment_date=now, created_at=now, next_at=ours_until,
        idempotency_key=wanted.key, fingerprint=wanted.fingerprint,
    )  # fmt: skip


def _begin(due: Due, wanted: Wanted, now: datetime) -> Payment:
    payment = draft(due, wanted, now)
    with transaction.atomic(durable=True):
        absences.check(wanted.user_id)
        if absences.erased([due.organizer_id]):
            raise NothingDue("This event is cancelled.")
        payment.save(force_insert=True)
    return payment


def order(payment: Payment, now: datetime) -> Payment:
    """Charge a payment that is written down. Raises PaymentDeclined."""
    keep = partial(_keep_reference, payment)
    return _told(_settled_by(payment, lambda: PROVIDER.charge(payment.order(now), keep), now))


def _keep_reference(payment: Payment, reference: str) -> None:
    """Remember how the provider can be asked. Raises ProviderAway: somebody ended the payment meanwhile."""
    ours = Payment.objects.filter(pk=payment.pk, status=rules.PROCESSING)
    if not ours.update(reference=reference):
        raise ProviderAway
    payment.reference = reference
    point("payments.prepared")


def _told(payment: Payment) -> Payment:
    if payment.status == rules.FAILED:
        ours = payment.failure_code in rules.GIVEN_UP
        sentence = payment.failure_reason if ours else f"{payment.failure_reason} Try another card."
        raise PaymentDeclined(sentence, declineCode=payment.failure_code, paymentId=str(payment.payment_id))
    return payment


def _settled_by(payment: Payment, ask: Callable[[], Outcome | None], now: datetime) -> Payment:
    """The payment after the provider told what became of it; as it was, if it did not answer."""
    try:
        outcome = ask()
    except ProviderAway:
        metrics.FAULTS.labels("provider").inc()
        log.warning("payment_unanswered", payment_id=str(payment.payment_id), attempts=payment.attempts)
        Payment.objects.filter(pk=payment.pk, status=rules.PROCESSING, attempts=0).update(next_at=now)
        return payment
    point("payments.answered")
    return settle(payment.payment_id, outcome, now) if outcome else payment


def give_up(payment: Payment, why: str, now: datetime) -> Payment:
    """End a payment for one of rules.GIVEN_UP, unless its money was captured meanwhile.

    Raises Unavailable while the provider does not answer.
    """

    def cancelled() -> Outcome:
        outcome = PROVIDER.cancel(payment.order(now), now)
        given_up = outcome.code == CANCELLED
        return replace(outcome, code=why, reason=rules.GIVEN_UP[why]) if given_up else outcome

    after = _settled_by(payment, cancelled, now)
    if after.status in rules.IN_FLIGHT:
        raise Unavailable("The payment provider does not answer. Try again in a moment.")
    return after


def settle(payment_id: UUID, outcome: Outcome, now: datetime) -> Payment:
    """Store what became of a payment, and say so; hearing it again changes nothing."""
    with transaction.atomic(durable=True):
        payment = Payment.objects.lock(payment_id)
        if outcome.status == rules.SUCCEEDED and payment.status not in rules.CAPTURED:
            _captured(payment, outcome, now)
        elif outcome.status == rules.FAILED and payment.status in rules.IN_FLIGHT:
            _failed(payment, outcome)
        elif outcome.status == rules.REQUIRES_ACTION and payment.status == rules.PROCESSING:
            payment.action_url, payment.reference = outcome.action_url, outcome.reference
            _become(payment, rules.REQUIRES_ACTION)
            payment.next_at = now + rules.FIRST_LOOK
            payment.save()
        return payment


def _captured(payment: Payment, outcome: Outcome, now: datetime) -> None:
    """Say so; but money that nobody wants any more goes back at once."""
    if payment.status == rules.FAILED:  # we were told that it never would be
        log.error("payment_captured_after_failure", payment_id=str(payment.payment_id))
        metrics.FAULTS.labels("provider").inc()
        payment.unwanted, payment.idempotency_key = "paid_too_late", None
    payment.reference, payment.payment_date = outcome.reference, outcome.at
    _become(payment, rules.SUCCEEDED)
    payment.save()
    if payment.unwanted:
        refund.give_back(payment, payment.unwanted, now)
    else:
        messages.payment_succeeded(payment)


def _failed(payment: Payment, outcome: Outcome) -> None:
    payment.reference, payment.failure_code, payment.failure_reason = (
        outcome.reference,
        outcome.code,
        outcome.reason,
    )
    _become(payment, rules.FAILED)
    payment.save()
    if not payment.unwanted and outcome.code != "superseded":
        messages.payment_failed(payment)


def _become(payment: Payment, status: str) -> None:
    payment.status, payment.next_at, payment.version = status, None, payment.version + 1
    became(rules.outcome_of(status, payment.failure_code))


def look(payment: Payment, now: datetime) -> Payment:
    """Ask the provider about a payment whose outcome is not known, and end it if it waited long enough."""
    if payment.unwanted:
        return give_up(payment, "booking_cancelled", now)
    if payment.status == rules.PROCESSING:
        return give_up(payment, "no_answer", now)
    if now - payment.created_at > rules.TO_AUTHENTICATE:
        return give_up(payment, "not_authenticated", now)
    return hear(payment, now)


def hear(payment: Payment, now: datetime) -> Payment:
    """Learn from the provider what became of a payment, and leave it be if nothing did."""
    return _settled_by(payment, lambda: PROVIDER.find(payment.order(now)), now)


def look_due(now: datetime) -> int:
    """Look at payments in flight that are due; how many. One that fails keeps no other waiting.

    Those whose outcome we do not know come before those that wait for their person.
    """
    unknown = Payment.objects.filter(Q(status=rules.PROCESSING) | Q(unwanted__isnull=False))
    at_bank = Payment.objects.filter(status=rules.REQUIRES_ACTION, unwanted=None)
    looked = 0
    for _ in range(BATCHES):
        some = unknown.claim(now, AT_ONCE, rules.LONGEST_WAIT)
        some = some or at_bank.claim(now, AT_ONCE, rules.LONGEST_AT_BANK)
        if not some:
            break
        for payment in some:
            _look_safely(payment, now)
        looked += len(some)
    return looked


def _look_safely(payment: Payment, now: datetime) -> None:
    try:
        look(payment, now)
    except Unavailable:
        log.warning("payment_unknown_still", payment_id=str(payment.payment_id))
    except Exception:
        metrics.FAULTS.labels("payment").inc()
        log.exception("payment_look_failed", payment_id=str(payment.payment_id))
