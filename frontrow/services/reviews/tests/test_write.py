from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Outbox
from frontrow.chassis.refusals import Unavailable
from frontrow.services.reviews import attendance, review
from frontrow.services.reviews.models import Event, Review, Tally
from tests.cast import at_once

from .stage import (
    NOW,
    TOMORROW,
    YESTERDAY,
    away,
    booking_facts,
    event_facts,
    hear_booking,
    hear_event,
    over,
    reviewed,
    time_passes,
    told,
)  # fmt: skip

pytestmark = pytest.mark.django_db
BEN = new_id()


def write(event_id, user_id=BEN, rating=5, now=NOW):
    return review.write(user_id, event_id, rating, "I would go again.", now)


def counts(event_id):
    return Tally.objects.get(event_id=event_id).counts


class TestOnce:
    def test_who_attended_reviews_and_the_rating_is_told_with_it(self):
        event_id = over(BEN)
        written = write(event_id, rating=4)
        stored = Review.objects.get()
        assert stored.review_id == written.review_id
        assert (stored.user_id, stored.event_id, stored.rating, stored.date) == (BEN, event_id, 4, NOW)
        assert (stored.comment, stored.answer) == ("I would go again.", None)
        assert told() == [(1, 4.0, 1)]
        assert Outbox.objects.get().key == event_id

    def test_each_review_moves_the_rating_and_grows_its_version(self):
        event_id = over()
        for rating in (5, 4, 4):
            reviewed(event_id, rating)
        assert told() == [(1, 5.0, 1), (2, 4.5, 2), (3, 13 / 3, 3)]
        assert counts(event_id) == [0, 0, 0, 2, 1]

    def test_events_are_rated_apart(self):
        one, other = over(), over()
        reviewed(one, 1)
        reviewed(other, 5)
        assert (counts(one), counts(other)) == ([1, 0, 0, 0, 0], [0, 0, 0, 0, 1])

    def test_twice_is_refused_and_counts_once(self):
        event_id = over(BEN)
        write(event_id, rating=5)
        with pytest.raises(review.AlreadyReviewed):
            write(event_id, rating=1)
        assert (Review.objects.get().rating, counts(event_id)) == (5, [0, 0, 0, 0, 1])
        assert told() == [(1, 5.0, 1)]

    def test_two_tickets_are_one_attendee(self):
        event_id = over(BEN, BEN)
        write(event_id)
        with pytest.raises(review.AlreadyReviewed):
            write(event_id)

    def test_a_person_reviews_each_event_attended(self):
        for event_id in (over(BEN), over(BEN)):
            write(event_id)
        assert Review.objects.filter(user_id=BEN).count() == 2

    def test_a_review_and_its_rating_are_stored_together_or_not_at_all(self, monkeypatch):
        event_id = over(BEN)

        def breaks(*_):
            raise IntegrityError("of something else")

        monkeypatch.setattr(Tally.objects, "add", breaks, raising=False)
        with pytest.raises(IntegrityError):
            write(event_id)
        assert not Review.objects.exists()
        assert told() == []


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_eight_at_once_by_one_person_make_one_review(self):
        event_id = over(BEN)
        results = at_once([lambda: write(event_id)] * 8)
        assert sorted(result for result in results if isinstance(result, str)) == ["already_reviewed"] * 7
        assert (Review.objects.count(), counts(event_id)) == (1, [0, 0, 0, 0, 1])
        assert told() == [(1, 5.0, 1)]

    def test_eight_people_at_once_are_all_counted(self):
        people = [new_id() for _ in range(8)]
        event_id = over(*people)
        at_once([lambda n=n, who=who: write(event_id, who, n % 5 + 1) for n, who in enumerate(people)])
        assert Review.objects.count() == 8
        assert counts(event_id) == [2, 2, 2, 1, 1]
        assert [(version, count) for version, _, count in told()] == [(n, n) for n in range(1, 9)]
        assert max(told())[1] == 21 / 8


class TestRefusals:
    def test_an_event_is_reviewed_when_it_ends_and_not_a_moment_before(self):
        event_id = over(BEN, endDate=NOW.isoformat())
        with away("events"), pytest.raises(attendance.EventNotOver):
            write(event_id, now=NOW - timedelta(microseconds=1))
        assert write(event_id, now=NOW)

    def test_that_it_is_not_over_is_said_before_anything_else(self):
        event_id = over(endDate=TOMORROW.isoformat())
        with away("events", "bookings"), pytest.raises(attendance.EventNotOver):
            write(event_id)

    @pytest.mark.parametrize("end", [YESTERDAY, TOMORROW])
    def test_a_cancelled_event_is_not_reviewed_even_by_who_had_a_ticket(self, end):
        event_id = over(BEN, status="cancelled", endDate=end.isoformat())
        with away("events", "bookings"), pytest.raises(attendance.EventCancelled):
            write(event_id)

    def test_a_stranger_is_refused(self):
        event_id = over(new_id())
        hear_booking(booking_facts(over(), BEN))  # of another event
        with pytest.raises(attendance.NotAnAttendee):
            write(event_id)
        assert not Review.objects.exists()
        assert told() == []

    def test_who_gave_the_ticket_back_was_not_there(self):
        event_id = over()
        ticket = booking_facts(event_id, BEN)
        hear_booking(ticket)
        hear_booking({**ticket, "version": 3, "status": "cancelled"})
        with pytest.raises(attendance.NotAnAttendee):
            write(event_id)

    def test_who_gave_one_of_two_tickets_back_was_there(self):
        event_id = over(BEN)
        hear_booking(booking_facts(event_id, BEN, version=3, status="cancelled"))
        assert write(event_id)

    def test_a_review_stays_when_the_ticket_is_refunded_afterwards(self):
        event_id = over()
        ticket = booking_facts(event_id, BEN)
        hear_booking(ticket)
        write(event_id)
        hear_booking({**ticket, "version": 3, "status": "cancelled"})
        assert (Review.objects.count(), counts(event_id)) == (1, [0, 0, 0, 0, 1])

    def test_an_unknown_event_is_not_found(self):
        with pytest.raises(attendance.EventNotFound):
            write(new_id())


class TestWhatIsNotHeardYet:
    def test_an_event_not_heard_of_is_asked_for(self, ada):
        event = ada.lists()
        with pytest.raises(attendance.EventNotOver):
            write(UUID(event["eventId"]), now=timezone.now())
        assert Event.objects.get().organizer_id == ada.user_id

    def test_a_draft_is_not_found(self, ada):
        with pytest.raises(attendance.EventNotFound):
            write(UUID(ada.lists(status="draft")["eventId"]))
        assert not Event.objects.exists()

    def test_an_end_that_was_moved_is_asked_for(self, ada):
        event = ada.lists()
        event_id = hear_event(event_facts(eventId=event["eventId"], endDate="2200-01-01T00:00:00+00:00"))
        hear_booking(booking_facts(event_id, BEN))
        time_passes(event["eventId"])
        assert write(event_id)

    def test_that_an_event_was_cancelled_is_asked_for(self, ada):
        event = ada.lists()
        event_id = hear_event(event_facts(eventId=event["eventId"], endDate=TOMORROW.isoformat()))
        ada.delete(f"/events/{event['eventId']}")
        with pytest.raises(attendance.EventCancelled):
            write(event_id)

    def test_an_attendee_not_heard_of_is_asked_for(self, ada, ben):
        event = ada.lists(price=0)
        ben.books(event)
        time_passes(event["eventId"])
        assert write(UUID(event["eventId"]), ben.user_id)

    def test_a_hold_is_no_ticket(self, ada, ben):
        event = ada.lists()
        ben.books(event)
        time_passes(event["eventId"])
        with pytest.raises(attendance.NotAnAttendee):
            write(UUID(event["eventId"]), ben.user_id)

    def test_a_new_ticket_after_one_given_back_is_asked_for(self, ada, ben):
        event = ada.lists(price=0)
        event_id = UUID(event["eventId"])
        ben.books(event)
        hear_booking(booking_facts(event_id, ben.user_id, status="cancelled"))
        time_passes(event["eventId"])
        assert write(event_id, ben.user_id)

    def test_what_is_asked_is_asked_outside_of_transactions(self, ada):
        with pytest.raises(transaction.TransactionManagementError), transaction.atomic():
            write(new_id())


class TestWhileOthersAreAway:
    def test_who_is_known_to_have_attended_reviews(self):
        event_id = over(BEN)
        with away("events", "bookings"):
            assert write(event_id)

    def test_an_event_of_which_nothing_is_known_is_not_denied(self):
        with away("events"), pytest.raises(Unavailable):
            write(new_id())

    def test_an_attendee_of_whom_nothing_is_known_is_not_denied(self):
        event_id = over()
        with away("bookings"), pytest.raises(Unavailable):
            write(event_id)

    def test_who_is_known_to_have_given_the_ticket_back_is_refused(self):
        event_id = over()
        hear_booking(booking_facts(event_id, BEN, status="cancelled"))
        with away("bookings"), pytest.raises(attendance.NotAnAttendee):
            write(event_id)


class TestTheDatabaseSaysNoToo:
    @pytest.mark.parametrize("rating", [0, 6])
    def test_there_are_five_stars(self, rating):
        with pytest.raises(IntegrityError), transaction.atomic():
            Review.objects.create(user_id=BEN, event_id=new_id(), rating=rating, comment="?", date=NOW)

    @pytest.mark.parametrize("size", [0, 4, 6])
    def test_a_tally_has_a_place_for_each_number_of_stars(self, size):
        with pytest.raises(DatabaseError), transaction.atomic():
            Tally.objects.create(event_id=new_id(), counts=[0] * size, version=1)
