"""What operators see of money, and of the sandbox's own ledger. Nothing is written here."""

from typing import Any

from django.contrib import admin

from frontrow.chassis import money
from frontrow.chassis.admin import ReadOnly, ReadOnlyRows, one_of
from frontrow.services.payments import rules
from frontrow.services.payments.models import Finding, Payment, Refund, SandboxCharge, SandboxRefund
from frontrow.services.payments.rules import CAUSES, FAILED, PENDING, REQUIRES_ACTION, STATUSES, SUCCEEDED
from frontrow.services.payments.sandbox import CARDS


class RefundRows(ReadOnlyRows):
    model = Refund
    fields = ("refund_id", "amount", "cause", "reason", "status", "refund_date", "attempts")


@admin.register(Payment)
class Payments(ReadOnly):
    list_display = (
        "payment_id", "status", "captured", "back", "payment_date", "attempts", "user_id", "booking_id",
    )  # fmt: skip
    list_filter = (one_of("status", *STATUSES), "payment_date")
    search_ids = ("payment_id", "booking_id", "user_id", "event_id", "organizer_id")
    search_fields = ("reference",)
    ordering = ("-payment_id",)
    inlines = (RefundRows,)

    @admin.display(description="amount")
    def captured(self, payment: Payment) -> str:
        return money.shown(payment.amount, payment.currency)

    @admin.display(description="refunded")
    def back(self, payment: Payment) -> str:
        return money.shown(payment.refunded, payment.currency)


@admin.register(Refund)
class Refunds(ReadOnly):
    list_display = (
        "refund_id",
        "status",
        "gives",
        "cause",
        "created_at",
        "refund_date",
        "attempts",
        "payment_id",
    )
    list_filter = (one_of("status", PENDING, SUCCEEDED), one_of("cause", *CAUSES.values()), "created_at")
    list_select_related = ("payment",)
    search_ids = ("refund_id", "payment__payment_id", "payment__booking_id")
    search_fields = ("reference",)
    ordering = ("-refund_id",)

    @admin.display(description="amount")
    def gives(self, refund: Refund) -> str:
        return money.shown(refund.amount, refund.payment.currency)


@admin.register(Finding)
class Findings(ReadOnly):
    """What did not agree with bookings or the provider, as `make reconcile` tells."""

    list_display = ("kind", "state", "tries", "about", "details", "found_at", "seen_at", "closed_at")
    list_filter = (
        one_of("state", rules.OPEN, rules.HEALING, rules.HEALED, rules.GONE),
        one_of("kind", *rules.FINDINGS),
    )
    search_ids = ("finding_id", "payment_id", "booking_id", "event_id", "organizer_id")
    search_fields = ("about",)
    ordering = ("-finding_id",)


class SandboxRefundRows(ReadOnlyRows):
    model = SandboxRefund


@admin.register(SandboxCharge)
class SandboxCharges(ReadOnly):
    """The other side's books, to compare with ours: `key` is our payment's id."""

    list_display = ("reference", "status", "took", "gave", "method", "code", "at", "key")
    list_filter = (one_of("status", SUCCEEDED, FAILED, REQUIRES_ACTION), one_of("method", *CARDS))
    search_fields = ("reference", "key")
    ordering = ("-at",)
    inlines = (SandboxRefundRows,)

    @admin.display(description="amount")
    def took(self, charge: Any) -> str:
        return money.shown(charge.amount, charge.currency) if charge.currency else ""

    @admin.display(description="refunded")
    def gave(self, charge: Any) -> str:
        return money.shown(charge.refunded, charge.currency) if charge.currency else ""
