"""What payments holds of a person: what they paid and got back, and what was paid for their events."""

from frontrow.chassis.exports import Section
from frontrow.services.payments.models import Finding, Payment, Refund

OURS = frozenset({"fingerprint"})
OTHERS = OURS | {"user_id", "method", "action_url", "idempotency_key"}  # of who paid

SECTIONS = (
    Section("payments", lambda who: Payment.objects.filter(user_id=who), OURS),
    Section("refunds", lambda who: Refund.objects.filter(payment__user_id=who), OURS | {"granted_by"}),
    Section("paymentsForMyEvents", lambda who: Payment.objects.filter(organizer_id=who), OTHERS),
    Section("refundsThatIGranted", lambda who: Refund.objects.filter(granted_by=who), OURS),
    Section("findings", lambda who: Finding.objects.filter(organizer_id=who)),
)
