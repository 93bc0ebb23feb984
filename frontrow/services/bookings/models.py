"""Bookings and stock. What is sold can never exceed what there is: the constraints say so too.

Locks are taken in one order everywhere: people, then events' stock, then bookings.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection, models
from django.db.models import F, Q

from frontrow.chassis.arrays import array
from frontrow.chassis.ids import new_id
from frontrow.services.bookings.rules import CANCELLED, CONFIRMED, EXPIRED, GONE, HELD, LIVE, OPEN, is_due

CONFIRM = """
UPDATE bookings_booking SET status = %s, paid_by = paid.payment, version = version + 1
FROM unnest(%s::uuid[], %s::uuid[]) AS paid (booking, payment) WHERE booking_id = paid.booking
"""


class Event(models.Model):
    """What bookings must know of an event to sell it; a copy, as of a version."""

    event_id = models.UUIDField(primary_key=True)
    version = models.BigIntegerField()
    organizer_id = models.UUIDField()
    status = models.CharField(max_length=10)
    currency = models.CharField(max_length=3)
    ticket_types = models.JSONField()  # [{ticketTypeId, name, price, …}]
    hold_minutes = models.PositiveIntegerField()
    max_per_person = models.PositiveIntegerField()
    sales_start = models.DateTimeField(null=True)
    sales_end = models.DateTimeField()
    cancel_until = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # when the last booking of a cancelled event was cancelled

    class Meta:
        indexes = [
            models.Index(
                fields=["event_id"], condition=Q(status="cancelled", closed_at=None), name="bookings_to_close"
            ),
            models.Index(fields=["organizer_id", "event_id"], name="bookings_of_organizer"),
        ]


class EventStockQuerySet(models.QuerySet["EventStock"]):
    def lock(self, event_id: UUID) -> "EventStock | None":
        """The row that every change of an event's stock goes through, held until the transaction ends."""
        return self.select_for_update(no_key=True).filter(event_id=event_id).first()


class EventStock(models.Model):
    """Places of an event as a whole: a narrow row that changes with every booking."""

    event_id = models.UUIDField(primary_key=True)
    cap = models.PositiveIntegerField(null=True)  # the organiser's, over all ticket types
    capacity = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    version = models.BigIntegerField(default=1)
    untold = models.BooleanField(default=True)  # changed since stock.changed was last said

    objects = EventStockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="bookings_event_not_oversold"),
        ]
        indexes = [models.Index(fields=["event_id"], condition=Q(untold=True), name="bookings_stock_untold")]


class TypeStock(models.Model):
    """Places of a ticket type; changed only under the lock of its event's stock."""

    ticket_type_id = models.UUIDField(primary_key=True)
    event_id = models.UUIDField(db_index=True)
    capacity = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="bookings_type_not_oversold"),
        ]


class BookingQuerySet(models.QuerySet["Booking"]):
    def live(self) -> "BookingQuerySet":
        """Those that have their places."""
        return self.filter(status__in=LIVE)

    def overdue(self, now: datetime) -> "BookingQuerySet":
        """Holds past their deadline whose places are not back yet."""
        return self.filter(status=HELD, expires_at__lte=now)

    def end(self, status: str, reason: str | None, now: datetime, most: int) -> "list[Booking]":
        """End these, at most so many; which ones. Conditions are looked at again once a row is locked."""
        locked: list[Booking] = list(self.select_for_update().order_by("pk")[:most])
        changes = {"status": status, "end_reason": reason, "ended_at": now}
        for booking in locked:
            booking.version += 1
            for name, value in changes.items():
                setattr(booking, name, value)
        self.model.objects.filter(pk__in=[b.pk for b in locked]).update(**changes, version=F("version") + 1)
        return locked

    def extend(self, until: datetime, now: datetime) -> int:
        """Move the deadline of these holds, if they end before and were not extended yet; how many."""
        fresh = self.filter(status=HELD, expires_at=F("held_until"), expires_at__gt=now, expires_at__lt=until)
        return fresh.update(expires_at=until)

    def confirmable(self, now: datetime) -> "BookingQuerySet":
        """Those that are held, and whose event is not cancelled."""
        on = Event.objects.filter(event_id=models.OuterRef("event_id"), status="published")
        return self.filter(models.Exists(on), status=HELD, expires_at__gt=now)

    def lock_due(self, pks: Iterable[UUID], now: datetime, *, skip_locked: bool = False) -> "list[Booking]":
        """Those of these that are confirmable, locked, in order.

        They are found by their ids alone: while a table grows fast, nothing is known of it by which a plan
        would choose rightly between these and all holds that there are.
        """
        rows = self.filter(pk__in=pks).order_by("pk").select_for_update(skip_locked=skip_locked)
        held = [b for b in rows if is_due(b.status, b.expires_at, now)]
        on = Event.objects.filter(pk__in={b.event_id for b in held}, status="published")
        events = set(on.values_list("pk", flat=True))
        return [b for b in held if b.event_id in events]

    def confirm(self, payment_id: UUID, now: datetime) -> int:
        """Make tickets of those of them that can be; how many."""
        changes = {"status": CONFIRMED, "paid_by": payment_id, "version": F("version") + 1}
        return self.confirmable(now).update(**changes)

    def confirm_locked(self, payments: Mapping[UUID, UUID]) -> None:
        """The same of those that are locked and can be, each by its payment."""
        with connection.cursor() as cursor:
            cursor.execute(CONFIRM, [CONFIRMED, array(payments), array(payments.values())])


class Booking(models.Model):
    booking_id = models.UUIDField(primary_key=True)
    user_id = models.UUIDField()
    event_id = models.UUIDField()
    status = models.CharField(max_length=10)
    booking_date = models.DateTimeField()
    items = models.JSONField()  # [{ticketTypeId, name, quantity, price}], as sold
    quantity = models.PositiveIntegerField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    held_until = models.DateTimeField(null=True)  # the deadline first given
    expires_at = models.DateTimeField(null=True)  # the deadline now: later, once, while being paid
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, null=True)  # noqa: DJ001, of a cancelled one, see messages.py
    paid_by = models.UUIDField(null=True)  # the payment that it was answered for
    version = models.BigIntegerField(default=1)
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001, none is not ''
    fingerprint = models.CharField(max_length=64)

    objects = BookingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="bookings_key_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[HELD, CONFIRMED, CANCELLED, EXPIRED]), name="bookings_known_status"
            ),
            models.CheckConstraint(
                condition=~Q(status=HELD) | Q(expires_at__isnull=False), name="bookings_holds_end"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1, amount__gte=0), name="bookings_sane_numbers"),
        ]
        indexes = [
            models.Index(fields=["user_id", "booking_id"], name="bookings_of_person"),
            models.Index(fields=["event_id", "booking_id"], name="bookings_of_event"),
            models.Index(fields=["expires_at"], condition=Q(status=HELD), name="bookings_to_expire"),
        ]  # fmt: skip


class FindingQuerySet(models.QuerySet["Finding"]):
    def note(self, kind: str, event_id: UUID, details: str, state: str, now: datetime) -> "Finding":
        """Write down what was found; one that is open still keeps the time when it was found first."""
        known = self.filter(kind=kind, event_id=event_id, state=OPEN).values_list("found_at", flat=True)
        organizer = Event.objects.filter(event_id=event_id).values_list("organizer_id", flat=True)
        facts = {
            "organizer_id": organizer.first(), "details": details[:500], "state": state,
            "found_at": known.first() or now, "seen_at": now, "closed_at": None if state == OPEN else now,
        }  # fmt: skip
        return self.update_or_create(kind=kind, event_id=event_id, defaults=facts)[0]

    def close(self, since: datetime, now: datetime) -> int:
        """Close those that a look at events sold until then or later did not see again; how many."""
        unseen = self.filter(state=OPEN, seen_at__lt=now)
        older = Event.objects.filter(sales_end__lt=since).values("event_id")
        return unseen.exclude(event_id__in=older).update(state=GONE, closed_at=now)


class Finding(models.Model):
    """What of an event did not agree; a row for each kind and event, the newest time only."""

    finding_id = models.UUIDField(primary_key=True, default=new_id)
    kind = models.CharField(max_length=20)
    event_id = models.UUIDField()
    organizer_id = models.UUIDField(null=True)
    details = models.CharField(max_length=500)
    state = models.CharField(max_length=10)
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_id", "kind"], name="bookings_finding_once"),
        ]
        indexes = [models.Index(fields=["organizer_id", "finding_id"], name="bookings_findings_of")]
