"""The HTTP door of reviews."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query as InQuery
from ninja import Status

from frontrow.chassis import clock, exports
from frontrow.chassis.absences import AccountDisabled
from frontrow.chassis.api import Door, answers
from frontrow.chassis.auth import MaybeBearer, Organizer, TwoFactorNeeded, person
from frontrow.chassis.cursors import InvalidCursor, Page, PageQuery
from frontrow.chassis.refusals import InvalidToken, NotFound, NotSignedIn
from frontrow.chassis.schemas import In, Out, Text, Whole
from frontrow.services.reviews import review, rules
from frontrow.services.reviews.attendance import EventNotFound
from frontrow.services.reviews.exporting import SECTIONS
from frontrow.services.reviews.review import REFUSALS, AlreadyAnswered

door = Door("reviews", "What people say of events they attended.")
door.add_router("", exports.router("reviews", SECTIONS))

Comment = Annotated[str, Text(1, 5000)]


class ReviewIn(In):
    event_id: UUID
    rating: Annotated[int, Whole(rules.STARS[0], rules.STARS[-1])]
    comment: Comment


class AnswerIn(In):
    comment: Comment


class AnswerOut(Out):
    comment: str
    date: datetime


class ReviewOut(Out):
    review_id: UUID
    user_id: UUID
    event_id: UUID
    rating: int
    comment: str
    date: datetime
    answer: AnswerOut | None


class ReviewsOut(Page[ReviewOut]):
    """A page of an event's reviews; average, count and histogram are of all of them."""

    average: float
    count: int
    histogram: dict[Literal["1", "2", "3", "4", "5"], int]


class ReviewsQuery(PageQuery):
    sort: Literal["newest", "highest", "lowest"] = "newest"


@door.post("/reviews", **answers(201, ReviewOut, NotSignedIn, InvalidToken, *REFUSALS))
def write(request: HttpRequest, body: ReviewIn) -> Any:
    """Review an event I attended, once it is over."""
    who = person(request).user_id
    written = review.write(who, body.event_id, body.rating, body.comment, clock.now())
    return Status(201, ReviewOut.model_validate(written))


@door.get("/reviews/{uuid:event_id}", auth=MaybeBearer(), **answers(
    200, ReviewsOut, InvalidToken, EventNotFound, InvalidCursor
))  # fmt: skip
def of_event(request: HttpRequest, event_id: UUID, query: InQuery[ReviewsQuery]) -> Any:
    """What was said of an event, and how many stars it got."""
    found, cursor, counts = review.of_event(event_id, query.sort, query)
    return ReviewsOut(
        items=[ReviewOut.model_validate(each) for each in found], next_cursor=cursor,
        average=round(rules.average(counts), 2), count=sum(counts), histogram=rules.histogram(counts),
    )  # fmt: skip


@door.get("/reviews/user/{uuid:user_id}", auth=MaybeBearer(), **answers(
    200, Page[ReviewOut], InvalidToken, NotFound, InvalidCursor
))  # fmt: skip
def of_person(request: HttpRequest, user_id: UUID, query: InQuery[PageQuery]) -> Any:
    """What a person wrote, the newest first; nothing for a person who wrote nothing."""
    found, cursor = review.of_person(user_id, query)
    return Page[ReviewOut](items=[ReviewOut.model_validate(each) for each in found], next_cursor=cursor)


@door.post("/reviews/{uuid:review_id}/answer", auth=Organizer(), **answers(
    200, ReviewOut, NotSignedIn, InvalidToken, TwoFactorNeeded, NotFound, AlreadyAnswered, AccountDisabled
))  # fmt: skip
def answer(request: HttpRequest, review_id: UUID, body: AnswerIn) -> Any:
    """Answer a review of my event; once."""
    who = person(request).user_id
    return ReviewOut.model_validate(review.answer(review_id, who, body.comment, clock.now()))
