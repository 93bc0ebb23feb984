"""The story of a review: written by one who attended, read by all, answered once."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from frontrow.chassis import absences
from frontrow.chassis.absences import AccountDisabled
from frontrow.chassis.cursors import PageQuery, page
from frontrow.chassis.refusals import NotFound, Refusal
from frontrow.services.reviews import attendance, messages, rules
from frontrow.services.reviews.attendance import EventCancelled, EventNotFound, EventNotOver, NotAnAttendee
from frontrow.services.reviews.models import Event, Review, Tally


class AlreadyReviewed(Refusal):
    code, status, detail = "already_reviewed", 409, "You have reviewed this event. Each person does so once."


class AlreadyAnswered(Refusal):
    code, status, detail = "already_answered", 409, "This review has its answer. Each is answered once."


REFUSALS: tuple[type[Refusal], ...] = (
    EventNotFound, EventCancelled, EventNotOver, NotAnAttendee, AlreadyReviewed, AccountDisabled,
)  # fmt: skip
NEWEST = ("-date", "-review_id")
ORDERS = {"newest": NEWEST, "highest": ("-rating", *NEWEST), "lowest": ("rating", *NEWEST)}


def write(user_id: UUID, event_id: UUID, rating: int, comment: str, now: datetime) -> Review:
    """Review an event as one who attended it, and tell what all reviews add up to now.

    Raises each of REFUSALS, and Unavailable.
    """
    attendance.check(event_id, user_id, now)
    try:
        with transaction.atomic(durable=True):
            absences.check(user_id)
            review = Review.objects.create(
                user_id=user_id, event_id=event_id, rating=rating, comment=comment, date=now
            )
            messages.rating_changed(Tally.objects.add(event_id, rating))
    except IntegrityError as error:
        if _broken(error) != "reviews_once_a_person":
            raise
        raise AlreadyReviewed from error
    return review


def answer(review_id: UUID, organizer: UUID, comment: str, now: datetime) -> Review:
    """Answer a review of an organiser's own event. Raises NotFound, AlreadyAnswered, AccountDisabled."""
    with transaction.atomic(durable=True):
        absences.check(organizer)
        review = Review.objects.filter(review_id=review_id).first()
        if review is None or not Event.objects.filter(pk=review.event_id, organizer_id=organizer).exists():
            raise NotFound
        unanswered = Review.objects.filter(review_id=review_id, answer_date=None)
        if not unanswered.update(answer_comment=comment, answer_date=now):
            raise AlreadyAnswered
        review.refresh_from_db()
    return review


def of_event(event_id: UUID, sort: str, query: PageQuery) -> tuple[list[Review], str | None, list[int]]:
    """A page of an event's reviews, its cursor, and how many of all give each number of stars.

    Only an event that is not known here is asked for. Raises EventNotFound, Unavailable, InvalidCursor.
    """
    attendance.event_of(event_id)
    tally = Tally.objects.filter(event_id=event_id).first()
    found, cursor = page(Review.objects.filter(event_id=event_id), ORDERS[sort], query)
    return found, cursor, tally.counts if tally else list(rules.NONE)


def of_person(user_id: UUID, query: PageQuery) -> tuple[list[Review], str | None]:
    """A page of what a person wrote, the newest first. Raises InvalidCursor."""
    return page(Review.objects.filter(user_id=user_id), NEWEST, query)


def _broken(error: IntegrityError) -> str | None:
    """The constraint that was in the way."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
