"""The story of somebody who leaves: their stars stay in the rating, and their words go."""

from uuid import UUID

from frontrow.chassis import absences
from frontrow.services.reviews.models import Booking, Review


def erase(user_id: UUID, version: int) -> None:
    """Forget a person who was erased. What an organiser answered spoke to them, and goes with their words.

    Runs in the listener's transaction.
    """
    absences.erase(user_id, version)
    theirs = Review.objects.filter(user_id=user_id)
    theirs.update(user_id=absences.Nobody(), comment="", answer_comment="", answer_date=None)
    Booking.objects.filter(user_id=user_id).delete()


def forget_organizer(event_id: UUID) -> None:
    """Let the answers of an event's organiser go, who has left. Runs in the listener's transaction."""
    answered = Review.objects.filter(event_id=event_id, answer_date__isnull=False)
    answered.update(answer_comment="", answer_date=None)
