"""What reviews holds of a person: what they wrote and answered, and what they attended."""

from uuid import UUID

from django.db.models import QuerySet

from frontrow.chassis.exports import Section
from frontrow.services.reviews.models import Booking, Event, Review


def _answered_by(who: UUID) -> "QuerySet[Review]":
    mine = Event.objects.filter(organizer_id=who).values("pk")
    return Review.objects.filter(event_id__in=mine, answer_date__isnull=False)


SECTIONS = (
    Section("reviews", lambda who: Review.objects.filter(user_id=who)),
    Section("answers", _answered_by, frozenset({"user_id", "comment", "rating", "date"})),
    Section("tickets", lambda who: Booking.objects.filter(user_id=who)),
)
