"""The tables by which messages and periodic work survive any crash, and who is out."""

from django.db import models

from frontrow.chassis.copies import CopyQuerySet
from frontrow.chassis.ids import new_id

# Messages that only tell people: nobody's place or money waits for them (decision 24).
MAY_WAIT = ("booking.held.v1", "booking.confirmed.v1", "booking.expired.v1")


class Outbox(models.Model):
    """A message said in the transaction of what it tells, waiting to be relayed."""

    id = models.UUIDField(primary_key=True, default=new_id)
    type = models.CharField(max_length=80)
    key = models.UUIDField()  # the aggregate it is about
    version = models.BigIntegerField()  # of that aggregate
    data = models.JSONField()
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "outbox"
        indexes = [models.Index("id", name="chassis_outbox_urgent", condition=~models.Q(type__in=MAY_WAIT))]


class Delivery(models.Model):
    """A message on its way to one listener of this process; gone once its effect has committed."""

    listener = models.CharField(max_length=30)
    message_id = models.UUIDField()
    message = models.JSONField()
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    error = models.TextField(blank=True)
    parked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["listener", "message_id"], name="chassis_delivery_once"),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(parked_at=None), name="chassis_delivery_due"),
        ]


class Heard(models.Model):
    """A listener's mark that a message's effect is in the database."""

    pk = models.CompositePrimaryKey("listener", "message_id")
    listener = models.CharField(max_length=30)
    message_id = models.UUIDField()
    heard_at = models.DateTimeField(db_index=True)


class Job(models.Model):
    """When a piece of periodic work is due next; taking it moves the time, so one runner gets it."""

    name = models.CharField(primary_key=True, max_length=80)
    next_at = models.DateTimeField()


class Absence(models.Model):
    """An account that is disabled or erased, or was disabled; as of a version. See absences.py."""

    mark = models.UUIDField(primary_key=True)
    version = models.BigIntegerField()
    is_out = models.BooleanField()
    is_erased = models.BooleanField()

    objects = CopyQuerySet.as_manager()
