"""The story of somebody who leaves: money records stay as the law wants them, and lead to nobody."""

from uuid import UUID

from django.db.models import Q

from frontrow.chassis import absences
from frontrow.services.payments import rules
from frontrow.services.payments.models import Finding, Payment, Refund


def erase(user_id: UUID, version: int) -> None:
    """Forget a person who was erased: amounts, dates and the provider's references stay, each of nobody.

    Runs in the listener's transaction.
    """
    absences.erase(user_id, version)
    words = Refund.objects.filter(Q(payment__user_id=user_id) | Q(payment__organizer_id=user_id))
    words.update(reason="")
    granted = Refund.objects.filter(granted_by=user_id)
    granted.update(granted_by=None, idempotency_key=None, fingerprint="", reason="")
    theirs = Payment.objects.filter(user_id=user_id)
    theirs.update(user_id=absences.Nobody(), idempotency_key=None, fingerprint="", method="", action_url="")
    Payment.objects.filter(organizer_id=user_id).update(organizer_id=absences.Nobody())
    Finding.objects.filter(organizer_id=user_id).update(organizer_id=None)


def waiting(user_id: UUID) -> int:
    """How many payments of a person are on their way, there or back."""
    theirs = Payment.objects.filter(user_id=user_id)
    back = Refund.objects.filter(payment__user_id=user_id, status=rules.PENDING)
    return theirs.filter(status__in=rules.IN_FLIGHT).count() + back.count()
