"""Notifications and their way by mail; and copies of the people, events and bookings that they speak of."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, Min, OuterRef, Q

from frontrow.chassis.copies import CopyQuerySet
from frontrow.chassis.ids import new_id
from frontrow.services.notifications.rules import (
    ORGANIZER_MESSAGE,
    PUBLISHED,
    REFUND_SUCCEEDED,
    REMIND_BEFORE,
)

WAITING, SENT, SKIPPED, GIVEN_UP = "waiting", "sent", "skipped", "given_up"


class Person(models.Model):
    """Whom we write to; a copy, as of a version."""

    user_id = models.UUIDField(primary_key=True)
    version = models.BigIntegerField()
    email = models.CharField(max_length=254)
    name = models.CharField(max_length=100)
    language = models.CharField(max_length=3, blank=True, default="", db_default="")  # of their account

    objects = CopyQuerySet.as_manager()

    @property
    def reads(self) -> str:
        """The language to write to them in: theirs if we speak it, else ours."""
        return self.language if self.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


class EventQuerySet(CopyQuerySet):
    def to_remind_of(self, now: datetime) -> "EventQuerySet":
        """Events that begin soon, of which nobody was reminded for this date."""
        soon = self.filter(status=PUBLISHED, date__gt=now, date__lte=now + REMIND_BEFORE)
        return soon.filter(Q(reminded_for=None) | ~Q(reminded_for=F("date")))


class Known(models.Model):
    """What the texts need of an event, as of a version."""

    version = models.BigIntegerField()
    title = models.CharField(max_length=200)
    date = models.DateTimeField()
    end_date = models.DateTimeField()
    timezone = models.CharField(max_length=64)
    location = models.CharField(max_length=300)
    status = models.CharField(max_length=10)

    class Meta:
        abstract = True

    @property
    def terms(self) -> dict[str, str]:
        """What makes people come at a time to a place."""
        return {
            "date": self.date.isoformat(), "endDate": self.end_date.isoformat(),
            "timezone": self.timezone, "location": self.location,
        }  # fmt: skip

    @property
    def snapshot(self) -> dict[str, Any]:
        """The event as a notification speaks of it for good."""
        return {**self.terms, "title": self.title, "status": self.status, "version": self.version}


class Event(Known):
    """An event as it is now; a copy."""

    event_id = models.UUIDField(primary_key=True)
    organizer_id = models.UUIDField()
    since = models.DateTimeField()  # all of this is so
    told = models.JSONField(null=True)  # date, end, time zone and place, as people were last told
    told_version = models.BigIntegerField(null=True)  # and of which version that is
    announced = models.BooleanField(default=False)  # whether a change was ever announced
    reminded_for = models.DateTimeField(null=True)  # the date that people were reminded of

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["date"], condition=Q(status=PUBLISHED), name="notifications_to_remind")
        ]


class Snapshot(Known):
    """An event as it was in a version of which somebody was told; it never changes."""

    pk = models.CompositePrimaryKey("event_id", "version")
    event_id = models.UUIDField()


class Booking(models.Model):
    """What became of a booking; a copy, as of a version."""

    booking_id = models.UUIDField(primary_key=True)
    version = models.BigIntegerField()
    status = models.CharField(max_length=10)
    booking_date = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, user_id: UUID) -> "NotificationQuerySet":
        """What a person was told."""
        return self.filter(user_id=user_id, told=True)

    def unread_by(self, user_id: UUID) -> "NotificationQuerySet":
        """Of these, what the person has not read."""
        return self.of(user_id).filter(read_at=None)

    def untold(self) -> "NotificationQuerySet":
        """Those that wait for news of their event."""
        return self.filter(told=False)

    def waited_for(self, known: bool) -> Any:
        """Events that untold ones wait for, whose news are here or not, the longest waited for first."""
        here = Exists(Event.objects.filter(event_id=OuterRef("event_id")))
        waiting = self.untold().filter(here if known else ~here)
        return waiting.values_list("event_id").annotate(since=Min("date")).order_by("since")


class Notification(models.Model):
    """What a person receives. `cause` is what it is about: nobody is told the same twice."""

    notification_id = models.UUIDField(primary_key=True, default=new_id)
    user_id = models.UUIDField()
    kind = models.CharField(max_length=20)
    cause = models.UUIDField()
    event_id = models.UUIDField(null=True)
    booking_id = models.UUIDField(null=True)
    facts = models.JSONField()
    told = models.BooleanField(default=False)  # and can be read
    event_version = models.BigIntegerField(null=True)  # which Snapshot it speaks of
    subject = models.CharField(max_length=400, blank=True, db_default="")  # of older code; now they are
    message = models.TextField(blank=True, db_default="")  # made of the facts when they are read
    date = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user_id", "kind", "cause"], name="notifications_once"),
        ]
        indexes = [
            models.Index(fields=["user_id", "-date", "-notification_id"], name="notifications_of_person"),
            models.Index(fields=["date"], condition=Q(told=False), name="notifications_untold"),
            models.Index(
                fields=["user_id"], condition=Q(told=True, read_at=None), name="notifications_unread"
            ),
            models.Index(fields=["booking_id"], name="notifications_of_booking"),
            models.Index(
                fields=["event_id"],
                condition=Q(kind__in=[ORGANIZER_MESSAGE, REFUND_SUCCEEDED]),
                name="notifications_organizers_words",
            ),
        ]


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: datetime) -> "DeliveryQuerySet":
        """Those to be sent, what was written to many last: the others may have a deadline."""
        return self.filter(state=WAITING, next_at__lte=now).order_by("bulk", "next_at", "pk")

    def claim(self, delivery: "Delivery", until: datetime) -> bool:
        """Make a delivery ours until then: true for one of all who saw it due."""
        seen = self.filter(
            pk=delivery.pk, state=WAITING, attempts=delivery.attempts, next_at=delivery.next_at
        )
        delivery.attempts, delivery.next_at = delivery.attempts + 1, until
        return seen.update(attempts=delivery.attempts, next_at=until) == 1

    def conclude(self, delivery: "Delivery", **changes: Any) -> None:
        """What became of a claimed delivery, unless the claim has passed on to another."""
        self.filter(pk=delivery.pk, state=WAITING, attempts=delivery.attempts).update(**changes)


class Delivery(models.Model):
    """A notification on its way by mail."""

    notification = models.OneToOneField(Notification, models.CASCADE, primary_key=True)
    state = models.CharField(max_length=10, default=WAITING)
    bulk = models.BooleanField(default=False)  # one of many alike
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[WAITING, SENT, SKIPPED, GIVEN_UP]), name="notifications_known_state"
            ),
        ]
        indexes = [
            models.Index(
                fields=["bulk", "next_at", "notification"],
                condition=Q(state=WAITING),
                name="notifications_due",
            ),
            models.Index(
                fields=["state"], condition=Q(state__in=[WAITING, GIVEN_UP]), name="notifications_left"
            ),
        ]


class Unwanted(models.Model):
    """A kind of notification that a person does not want by mail."""

    pk = models.CompositePrimaryKey("user_id", "kind")
    user_id = models.UUIDField()
    kind = models.CharField(max_length=20)


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def due(self, now: datetime) -> "AnnouncementQuerySet":
        return self.filter(done_at=None, next_at__lte=now).order_by("next_at", "pk")

    def advance(self, announcement: "Announcement", cursor: UUID | None, done_at: datetime | None) -> bool:
        """Move on by a page: true for one of all who read that page."""
        seen = self.filter(pk=announcement.pk, done_at=None, cursor=announcement.cursor)
        announcement.cursor, announcement.done_at = cursor, done_at
        return seen.update(cursor=cursor, done_at=done_at, attempts=0) == 1


class Announcement(models.Model):
    """What all who hold places of an event are to be told; worked off in pages of bookings."""

    announcement_id = models.UUIDField(primary_key=True, default=new_id)
    kind = models.CharField(max_length=20)
    event_id = models.UUIDField()
    cause = models.CharField(max_length=80)  # nothing is announced twice
    facts = models.JSONField()
    before = models.DateTimeField(null=True)  # whoever booked from then on knows already
    cursor = models.UUIDField(null=True)  # the last booking whose person was told
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "event_id", "cause"], name="notifications_announced_once"
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(done_at=None), name="notifications_announcing"),
        ]
