"""Reviews and what they add up to; and copies of what decides who may write one."""

from datetime import datetime
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from frontrow.chassis.copies import CopyQuerySet
from frontrow.chassis.ids import new_id
from frontrow.services.reviews import rules


class Event(models.Model):
    """What reviews must know of an event; a copy, as of a version."""

    event_id = models.UUIDField(primary_key=True)
    version = models.BigIntegerField()
    organizer_id = models.UUIDField()
    status = models.CharField(max_length=10)
    end_date = models.DateTimeField()

    objects = CopyQuerySet.as_manager()


class Booking(models.Model):
    """Who holds a ticket, or did; a copy, as of a version."""

    booking_id = models.UUIDField(primary_key=True)
    version = models.BigIntegerField()
    user_id = models.UUIDField()
    event_id = models.UUIDField()
    confirmed = models.BooleanField()

    objects = CopyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["event_id", "user_id"], name="reviews_attendance")]


class Review(models.Model):
    review_id = models.UUIDField(primary_key=True, default=new_id)
    user_id = models.UUIDField()
    event_id = models.UUIDField()
    rating = models.PositiveSmallIntegerField()  # stars
    comment = models.TextField()
    date = models.DateTimeField()
    answer_comment = models.TextField(blank=True)  # of the event's organiser
    answer_date = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_id", "user_id"], name="reviews_once_a_person"),
            models.CheckConstraint(condition=Q(rating__in=rules.STARS), name="reviews_stars"),
        ]
        indexes = [
            models.Index(fields=["event_id", "date", "review_id"], name="reviews_by_date"),
            models.Index(fields=["event_id", "rating", "date", "review_id"], name="reviews_by_rating"),
            models.Index(fields=["user_id", "date", "review_id"], name="reviews_of_person"),
        ]

    @property
    def answer(self) -> dict[str, str | datetime] | None:
        """What the organiser answered, if anything."""
        return {"comment": self.answer_comment, "date": self.answer_date} if self.answer_date else None


class TallyQuerySet(models.QuerySet["Tally"]):
    def add(self, event_id: UUID, rating: int) -> "Tally":
        """Count one more review; who counts for the same event waits until this transaction ends."""
        fresh = {"counts": list(rules.NONE), "version": 0}
        tally, _ = self.select_for_update().get_or_create(event_id=event_id, defaults=fresh)
        tally.counts, tally.version = rules.with_one_more(tally.counts, rating), tally.version + 1
        tally.save()
        return tally


class Tally(models.Model):
    """How many reviews of an event give 1, 2, … 5 stars: one row, so that nothing is ever counted anew."""

    event_id = models.UUIDField(primary_key=True)
    counts = ArrayField(models.PositiveIntegerField(), size=len(rules.STARS))
    version = models.BigIntegerField()

    objects = TallyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(counts__len=len(rules.STARS)), name="reviews_tally_of_stars")
        ]
