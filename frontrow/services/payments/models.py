"""Payments and refunds. What goes back never exceeds what was captured: the constraints say so too.

The last two tables are the sandbox provider's own: payments neither reads nor writes them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Count, F, Q, Sum

from frontrow.chassis.arrays import array
from frontrow.chassis.ids import new_id
from frontrow.services.payments.provider import Order, Outcome
from frontrow.services.payments.rules import (
    CAPTURED,
    FAILED,
    GONE,
    HEALED,
    HEALING,
    PENDING,
    PROCESSING,
    SUCCEEDED,
    wait_after,
)
from frontrow.services.payments.rules import (
    OPEN as UNHEALED,
)

Row = TypeVar("Row", bound=models.Model)


class Retried(models.QuerySet[Row]):
    """Rows about which the provider is to be asked again at next_at, until that is null."""

    def claim(self, now: datetime, most: int, longest: timedelta) -> list[Row]:
        """Take those that are due; each is due again later, whatever becomes of who took it."""
        with transaction.atomic(durable=True):
            due: Any = self.filter(next_at__lte=now).order_by("next_at")
            rows = list(due.select_for_update(skip_locked=True, of=("self",))[:most])
            for row in rows:
                row.attempts, row.next_at = row.attempts + 1, now + wait_after(row.attempts, longest)
            self.bulk_update(rows, ["attempts", "next_at"])
        return rows


class PaymentQuerySet(Retried["Payment"]):
    def seen_by(self, person: UUID) -> "PaymentQuerySet":
        """What a person may read: what they paid, and what was paid for their events."""
        return self.filter(Q(user_id=person) | Q(organizer_id=person))

    def totals(self) -> Any:
        """What was captured and granted back by them, for each event and currency, the newest event first."""
        captured = self.filter(status__in=CAPTURED).values("event_id", "currency")
        sums = captured.annotate(taken=Sum("amount"), back=Sum("refunding"), count=Count("pk"))
        return sums.order_by("-event_id", "currency")

    def open_of(self, booking_id: UUID) -> "Payment | None":
        """The one payment that a booking may have which has not failed, refunded or not."""
        return self.filter(OPEN, booking_id=booking_id).first()

    def lock(self, payment_id: UUID) -> "Payment":
        """The payment, locked until the transaction ends; every change of it goes through this."""
        return self.select_for_update().get(payment_id=payment_id)

    def begin(self, payments: Sequence["Payment"]) -> set[UUID]:
        """Write these down, but for those with a payment or key in the way; which were. Save none again."""
        columns = [array(getattr(each, name) for each in payments) for name in BEGUN]
        with connection.cursor() as cursor:
            cursor.execute(BEGIN, columns)
            return {row[0] for row in cursor.fetchall()}

    def capture(self, outcomes: Mapping[UUID, Outcome]) -> set[UUID]:
        """Let those of these payments that are being charged have succeeded, as the provider told; which."""
        told = sorted(outcomes.items())
        columns: list[Any] = [
            [key for key, _ in told],
            [outcome.reference for _, outcome in told],
            [outcome.at for _, outcome in told],
        ]
        with connection.cursor() as cursor:
            cursor.execute(CAPTURE, [SUCCEEDED, *columns, PROCESSING])
            return {row[0] for row in cursor.fetchall()}


OPEN = ~Q(status=FAILED) & Q(unwanted=None)
BEGUN = (
    "payment_id", "booking_id", "user_id", "event_id", "organizer_id", "amount", "currency", "method",
    "status", "payment_date", "created_at", "next_at", "idempotency_key", "fingerprint",
)  # fmt: skip
BEGIN = """
INSERT INTO payments_payment (
  payment_id, booking_id, user_id, event_id, organizer_id, amount, currency, method, status,
  payment_date, created_at, next_at, idempotency_key, fingerprint,
  reference, action_url, failure_code, failure_reason, refunding, refunded, attempts, version
)
SELECT begun.*, '', '', '', '', 0, 0, 0, 1 FROM unnest(
  %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::text[],
  %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[]
) AS begun
ON CONFLICT DO NOTHING RETURNING payment_id
"""
CAPTURE = """
UPDATE payments_payment paid
SET status = %s, reference = told.reference, payment_date = told.at, next_at = NULL, version = version + 1
FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]) AS told (id, reference, at)
WHERE paid.payment_id = told.id AND paid.status = %s AND paid.unwanted IS NULL
RETURNING paid.payment_id
"""


class Payment(models.Model):
    payment_id = models.UUIDField(primary_key=True, default=new_id)  # also the provider's idempotency key
    booking_id = models.UUIDField(db_index=True)
    user_id = models.UUIDField()
    event_id = models.UUIDField()
    organizer_id = models.UUIDField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=100)
    status = models.CharField(max_length=20)
    payment_date = models.DateTimeField()  # when it was captured; until then, when it began
    created_at = models.DateTimeField()
    reference = models.CharField(max_length=100, blank=True)  # the provider's
    action_url = models.CharField(max_length=500, blank=True)
    failure_code = models.CharField(max_length=60, blank=True)
    failure_reason = models.CharField(max_length=300, blank=True)
    unwanted = models.CharField(max_length=20, null=True)  # noqa: DJ001, why its money goes back on arrival
    refunding = models.BigIntegerField(default=0)  # granted, whether the provider has taken it yet or not
    refunded = models.BigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    version = models.BigIntegerField(default=1)
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001, none is not ''
    fingerprint = models.CharField(max_length=64)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["booking_id"], condition=OPEN, name="payments_one_of_booking"),
            models.UniqueConstraint(
                fields=["user_id", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False) & ~Q(status=FAILED),
                name="payments_key_once",
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("refunding"), refunding__lte=F("amount")),
                name="payments_never_refund_more",
            ),
            models.CheckConstraint(
                condition=Q(refunding=0) | Q(status__in=CAPTURED), name="payments_refund_what_was_captured"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payments_of_something"),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="payments_to_look_at"),
            models.Index(fields=["user_id", "payment_id"], name="payments_of_person"),
            models.Index(fields=["event_id", "payment_id"], name="payments_of_event"),
            models.Index(fields=["organizer_id", "event_id"], name="payments_of_organizer"),
        ]

    def order(self, at: datetime) -> Order:
        """What the provider is to charge for it, or has charged."""
        return Order(str(self.pk), self.amount, self.currency, self.method, at, self.reference)


class Refund(models.Model):
    refund_id = models.UUIDField(primary_key=True, default=new_id)  # also the provider's idempotency key
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField()
    cause = models.CharField(max_length=20)
    reason = models.CharField(max_length=500, blank=True)  # the organiser's words
    status = models.CharField(max_length=10, default=PENDING)
    granted_by = models.UUIDField(null=True)  # the organiser, if it was one
    created_at = models.DateTimeField()
    refund_date = models.DateTimeField(null=True)
    reference = models.CharField(max_length=100, blank=True)  # the provider's
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001, none is not ''
    fingerprint = models.CharField(max_length=64, blank=True)

    objects = Retried["Refund"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["granted_by", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="payments_refund_key_once",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payments_refund_something"),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="payments_to_refund"),
        ]


class FindingQuerySet(models.QuerySet["Finding"]):
    def note(self, found: "Finding", now: datetime) -> "Finding":
        """Write down what was found; one that was not closed keeps the time when it was found first."""
        known = self.filter(kind=found.kind, about=found.about, closed_at=None)
        found.found_at = known.values_list("found_at", flat=True).first() or now
        found.seen_at, found.closed_at = now, now if found.state == HEALED else None
        columns = [field.name for field in Finding._meta.fields if not field.primary_key]
        facts = {name: getattr(found, name) for name in columns}
        return self.update_or_create(kind=found.kind, about=found.about, defaults=facts)[0]

    def close(self, kinds: Sequence[str], since: datetime, now: datetime) -> None:
        """Close those of these kinds that a look at everything since then did not see again."""
        unseen = self.filter(kind__in=kinds, closed_at=None, seen_at__lt=now, at__gte=since)
        unseen.filter(state=HEALING).update(state=HEALED, closed_at=now)
        unseen.filter(state=UNHEALED).update(state=GONE, closed_at=now)


class Finding(models.Model):
    """What did not agree with bookings or the provider; a row for each kind and what it is about."""

    finding_id = models.UUIDField(primary_key=True, default=new_id)
    kind = models.CharField(max_length=30)
    about = models.CharField(max_length=100)  # a payment, a refund, or the provider's key of a charge
    payment_id = models.UUIDField(null=True)
    booking_id = models.UUIDField(null=True)
    event_id = models.UUIDField(null=True)
    organizer_id = models.UUIDField(null=True)
    details = models.CharField(max_length=500)
    state = models.CharField(max_length=10, default=UNHEALED)
    tries = models.PositiveIntegerField(default=0)  # of healing it
    at = models.DateTimeField()  # when that happened which it is about
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["about", "kind"], name="payments_finding_once")]
        indexes = [models.Index(fields=["organizer_id", "finding_id"], name="payments_findings_of")]


class NoticeQuerySet(Retried["ProviderNotice"]):
    """See Retried."""


class ProviderNotice(models.Model):
    """What the provider told by itself, by its own id: looked into at next_at, until that is null."""

    notice_id = models.CharField(primary_key=True, max_length=100)
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=100, blank=True)
    reference = models.CharField(max_length=100)
    details = models.CharField(max_length=500, blank=True)  # of a dispute
    received_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="payments_notices_due"),
        ]


class SandboxCharge(models.Model):
    """What the sandbox took from a card, or would not."""

    reference = models.CharField(primary_key=True, max_length=100)
    key = models.CharField(max_length=100, unique=True)
    method = models.CharField(max_length=100)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=20)
    code = models.CharField(max_length=60, blank=True)
    refunded = models.BigIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(refunded__lte=F("amount")), name="sandbox_never_gives_more"),
        ]


class SandboxRefund(models.Model):
    """What the sandbox gave back to a card."""

    reference = models.CharField(primary_key=True, max_length=100)
    key = models.CharField(max_length=100, unique=True)
    charge = models.ForeignKey(SandboxCharge, on_delete=models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField()
    at = models.DateTimeField()
