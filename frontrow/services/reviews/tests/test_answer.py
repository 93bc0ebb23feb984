from datetime import timedelta

import pytest

from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import NotFound
from frontrow.services.reviews import review
from frontrow.services.reviews.models import Review
from tests.cast import at_once

from .stage import NOW, over, reviewed, told

pytestmark = pytest.mark.django_db
ADA, CY = new_id(), new_id()
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def written():
    return reviewed(over(organizerId=str(ADA)), 2)


def test_the_organiser_answers(written):
    answered = review.answer(written.review_id, ADA, "Thank you.", LATER)
    assert answered.answer == {"comment": "Thank you.", "date": LATER}
    stored = Review.objects.get()
    assert stored.answer == answered.answer
    assert (stored.rating, stored.comment, stored.date) == (2, written.comment, NOW)


def test_an_answer_changes_no_rating(written):
    review.answer(written.review_id, ADA, "Thank you.", LATER)
    assert told() == [(1, 2.0, 1)]


def test_a_review_is_answered_once(written):
    review.answer(written.review_id, ADA, "Thank you.", LATER)
    with pytest.raises(review.AlreadyAnswered):
        review.answer(written.review_id, ADA, "On second thought …", LATER)
    assert Review.objects.get().answer_comment == "Thank you."


@pytest.mark.django_db(transaction=True)
def test_of_eight_answers_at_once_one_stays(written):
    answers = [lambda n=n: review.answer(written.review_id, ADA, f"Answer {n}", LATER) for n in range(8)]
    results = at_once(answers)
    (kept,) = [result for result in results if not isinstance(result, str)]
    assert results.count("already_answered") == 7
    assert Review.objects.get().answer_comment == kept.answer_comment


def test_for_all_others_there_is_nothing_to_answer(written):
    over(organizerId=str(CY))  # an organiser, but of another event
    for who in (CY, written.user_id):
        with pytest.raises(NotFound):
            review.answer(written.review_id, who, "No!", LATER)
    assert Review.objects.get().answer is None


def test_a_review_that_does_not_exist_is_not_found():
    with pytest.raises(NotFound):
        review.answer(new_id(), ADA, "Thank you.", LATER)


def test_a_review_of_an_event_cancelled_afterwards_can_still_be_answered(written):
    over(eventId=str(written.event_id), organizerId=str(ADA), version=2, status="cancelled")
    assert review.answer(written.review_id, ADA, "Thank you.", LATER).answer
