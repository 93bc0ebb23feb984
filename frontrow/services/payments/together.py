"""The story of many payments at once: those for which it is simple share each step, and so its cost.

Simple is a hold that nobody else pays for, and a card that is charged without waiting. Whatever else comes
is left to the story of one payment (payment.py), which finds all as if these steps had been its own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from frontrow.chassis import absences, metrics
from frontrow.chassis.failpoints import point
from frontrow.services.payments import clients, messages, payment, rules
from frontrow.services.payments.clients import Due
from frontrow.services.payments.metrics import became
from frontrow.services.payments.models import Payment
from frontrow.services.payments.payment import Wanted
from frontrow.services.payments.provider import Outcome
from frontrow.services.payments.providers import PROVIDER

log = structlog.get_logger(__name__)
GROUP = 64  # payments at most


def pay(wanted: Sequence[Wanted], now: datetime) -> list[Payment | None]:
    """Pay for holds of many people: what became of each; None for whom nothing was begun.

    One that is `processing` is written down and still to be ordered, by itself. Raises Unavailable.
    """
    if len(wanted) > 1:
        log.info("payments_together", requests=[each.asked_by for each in wanted])
    dues = clients.dues({each.booking_id: each.user_id for each in wanted})
    point("payments.due_known")
    begun = _begin(wanted, dues, now)
    point("payments.begun")
    try:
        _charge(begun, now)
    except Exception:
        metrics.FAULTS.labels("payment").inc()
        log.exception("payments_not_charged_together", payments=len(begun))
    point("payments.settled")
    return [begun.get(each) for each in wanted]


def _begin(wanted: Sequence[Wanted], dues: Mapping[UUID, Due], now: datetime) -> dict[Wanted, Payment]:
    """Write down what is about to be charged. Who is not in it is out, or has a payment or key in the way."""
    theirs = {each: dues.get(each.booking_id) for each in wanted}
    rows = {
        each: payment.draft(due, each, now)
        for each, due in sorted(theirs.items(), key=lambda item: item[0].booking_id)
        if due is not None and due.user_id == each.user_id
    }
    with transaction.atomic(durable=True):
        gone = absences.out({person for row in rows.values() for person in (row.user_id, row.organizer_id)})
        rows = {each: row for each, row in rows.items() if not gone & {row.user_id, row.organizer_id}}
        written = Payment.objects.begin(list(rows.values()))
    return {each: row for each, row in rows.items() if row.payment_id in written}


def _charge(begun: Mapping[Wanted, Payment], now: datetime) -> None:
    outcomes = PROVIDER.charge_some([each.order(now) for each in begun.values()])
    point("payments.charged")
    with transaction.atomic(durable=True):
        captured = Payment.objects.capture({UUID(key): outcome for key, outcome in outcomes.items()})
        taken = {wanted: each for wanted, each in begun.items() if each.pk in captured}
        for each in taken.values():
            _take_over(each, outcomes[str(each.pk)])
        messages.payments_succeeded(list(taken.values()), [wanted.asked_by for wanted in taken])
        became(rules.SUCCEEDED, len(taken))


def _take_over(payment: Payment, outcome: Outcome) -> None:
    """Let the payment stand as it does in the database."""
    payment.status, payment.reference, payment.payment_date = outcome.status, outcome.reference, outcome.at
    payment.next_at, payment.version = None, payment.version + 1
