"""What payments says."""

from collections.abc import Sequence
from typing import Any

from frontrow.chassis.message import rfc3339
from frontrow.chassis.outbox import say, say_all
from frontrow.services.payments.models import Payment, Refund


def payment_succeeded(payment: Payment) -> None:
    say("payment.succeeded.v1", payment.payment_id, payment.version, _facts(payment))


def payments_succeeded(payments: Sequence[Payment], request_ids: Sequence[str]) -> None:
    """`request_ids` tells the request of each."""
    say_all([("payment.succeeded.v1", p.payment_id, p.version, _facts(p)) for p in payments], request_ids)


def payment_failed(payment: Payment) -> None:
    why = {"code": payment.failure_code, "reason": payment.failure_reason}
    say("payment.failed.v1", payment.payment_id, payment.version, {**_facts(payment), **why})


def refund_succeeded(refund: Refund, payment: Payment) -> None:
    """`payment` as it is after this refund."""
    facts = {
        **_ids(payment),
        "refundId": str(refund.refund_id),
        "amount": refund.amount,
        "refundDate": rfc3339(refund.refund_date),
        "paymentAmount": payment.amount,
        "refundedAmount": payment.refunded,
        "cause": refund.cause,
        "reason": refund.reason,
        "version": 1,
    }
    say("refund.succeeded.v1", refund.refund_id, 1, facts)


def _facts(payment: Payment) -> dict[str, Any]:
    return {
        **_ids(payment),
        "amount": payment.amount,
        "paymentDate": rfc3339(payment.payment_date),
        "version": payment.version,
    }


def _ids(payment: Payment) -> dict[str, str]:
    return {
        "paymentId": str(payment.payment_id),
        "bookingId": str(payment.booking_id),
        "userId": str(payment.user_id),
        "eventId": str(payment.event_id),
        "organizerId": str(payment.organizer_id),
        "currency": payment.currency,
    }
