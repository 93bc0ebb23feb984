"""A booking's money as bookings sees it: what is due, paid in time or too late, given back."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Outbox
from frontrow.chassis.refusals import NotFound
from frontrow.services.bookings import booking, ending, event, paying
from frontrow.services.bookings.models import Booking, EventStock
from frontrow.services.bookings.paying import NothingDue, Paid

from .stage import NOW, check_invariants, left, stage, wants

pytestmark = pytest.mark.django_db
AFTER = NOW + timedelta(minutes=20)  # the hold's deadline


def held(told, quantity=1, **changes):
    told_of = booking.hold(wants(told, quantity, **changes), NOW)
    return Booking.objects.get(booking_id=told_of["bookingId"])


def pay(one, at=NOW, now=None, payment_id=None):
    payment = Paid(payment_id or new_id(), one.booking_id, one.event_id, one.user_id, at)
    with transaction.atomic():
        paying.paid(payment, now or at)
    one.refresh_from_db()


def said(kind):
    return [row.data for row in Outbox.objects.filter(type=kind).order_by("id")]


class TestDue:
    def test_a_hold_is_due_to_its_organizer(self):
        told = stage(5)
        one = held(told, 2)
        due = paying.due(one.booking_id, one.user_id, NOW)
        assert (due["amount"], due["currency"], due["organizerId"]) == (5000, "EUR", told["organizerId"])

    def test_of_a_stranger_nothing_is_known(self):
        one = held(stage(5))
        with pytest.raises(NotFound):
            paying.due(one.booking_id, new_id(), NOW)

    @pytest.mark.parametrize("status", ["confirmed", "cancelled", "expired"])
    def test_only_a_hold_is_due(self, status):
        one = held(stage(5))
        Booking.objects.update(status=status)
        with pytest.raises(NothingDue):
            paying.due(one.booking_id, one.user_id, NOW)

    def test_not_from_its_deadline_on(self):
        one = held(stage(5))
        paying.due(one.booking_id, one.user_id, one.expires_at - timedelta(microseconds=1))
        one.refresh_from_db()
        with pytest.raises(NothingDue):
            paying.due(one.booking_id, one.user_id, one.expires_at)

    def test_not_of_a_cancelled_event(self):
        told = stage(5)
        one = held(told)
        with transaction.atomic():
            event.learn({**told, "version": 2, "status": "cancelled"})
        with pytest.raises(NothingDue):
            paying.due(one.booking_id, one.user_id, NOW)

    @pytest.mark.parametrize(("minutes", "extended"), [(0, 0), (4.9, 0), (5.1, 0.1), (14, 9)])
    def test_asking_extends_the_hold_to_ten_minutes_from_then(self, minutes, extended):
        one = held(stage(5))
        paying.due(one.booking_id, one.user_id, NOW + timedelta(minutes=minutes))
        one.refresh_from_db()
        assert one.expires_at - one.held_until == timedelta(minutes=extended)

    def test_it_is_extended_once(self):
        one = held(stage(5))
        for minutes in (10, 12, 14):
            paying.due(one.booking_id, one.user_id, NOW + timedelta(minutes=minutes))
        one.refresh_from_db()
        assert one.expires_at == NOW + timedelta(minutes=20)


class TestDues:
    """As one by one, of many."""

    def test_each_is_told_as_if_asked_for_alone(self):
        holds = [held(stage(5), n) for n in (1, 2, 3)]
        told = paying.dues({one.booking_id: one.user_id for one in holds}, NOW)
        assert told == [paying.due(one.booking_id, one.user_id, NOW) for one in holds]

    def test_what_is_not_due_is_left_out(self):
        kinds = ["confirmed", "cancelled", "expired", "held"]
        bookings = [held(stage(5)) for _ in kinds]
        for one, kind in zip(bookings, kinds, strict=True):
            Booking.objects.filter(pk=one.pk).update(status=kind)
        called_off = stage(5)
        off = held(called_off)
        with transaction.atomic():
            event.learn({**called_off, "version": 2, "status": "cancelled"})
        told = paying.dues({one.booking_id: one.user_id for one in [*bookings, off]}, NOW)
        assert [each["bookingId"] for each in told] == [str(bookings[-1].booking_id)]
        assert paying.dues({bookings[-1].booking_id: bookings[-1].user_id}, AFTER) == []

    def test_a_stranger_learns_nothing_and_extends_nothing(self):
        one = held(stage(5))
        assert (
            paying.dues({one.booking_id: new_id(), new_id(): one.user_id}, NOW + timedelta(minutes=14)) == []
        )
        one.refresh_from_db()
        assert one.expires_at == one.held_until

    def test_asking_extends_each_hold_once(self):
        one = held(stage(5))
        for minutes in (10, 12, 14):
            paying.dues({one.booking_id: one.user_id}, NOW + timedelta(minutes=minutes))
        one.refresh_from_db()
        assert one.expires_at == NOW + timedelta(minutes=20)


class TestPaid:
    def test_a_hold_becomes_a_ticket_and_keeps_its_places(self):
        told = stage(5)
        one = held(told, 2)
        pay(one)
        assert (one.status, one.version) == ("confirmed", 2)
        assert said("booking.confirmed.v1")[0]["version"] == 2
        assert left(told) == 3
        check_invariants()

    def test_also_past_its_deadline_as_long_as_it_was_not_ended(self):
        told = stage(1)
        one = held(told)
        pay(one, AFTER)
        assert one.status == "confirmed"
        assert ending.expire(AFTER) == 0
        check_invariants()

    def test_hearing_of_it_twice_changes_nothing(self):
        one, payment = held(stage(5)), new_id()
        pay(one, payment_id=payment)
        pay(one, payment_id=payment)
        assert one.version == 2
        assert len(said("booking.confirmed.v1")) == 1

    def test_another_payment_for_a_ticket_is_a_fault(self):
        one = held(stage(5))
        pay(one)
        with pytest.raises(RuntimeError):
            pay(one)


class TestPaidLate:
    @pytest.fixture
    def told(self):
        return stage(2)

    @pytest.fixture
    def lapsed(self, told):
        one = held(told, 2)
        ending.expire(AFTER)
        return one

    def test_its_places_are_taken_again(self, told, lapsed):
        pay(lapsed, AFTER)
        assert (lapsed.status, lapsed.ended_at) == ("confirmed", None)
        assert left(told) == 0
        assert EventStock.objects.get().untold
        check_invariants()

    def test_the_stock_is_news_then(self, lapsed):
        before = EventStock.objects.get().version
        pay(lapsed, AFTER)
        assert EventStock.objects.get().version > before

    def test_without_enough_places_it_is_cancelled(self, told, lapsed):
        booking.hold(wants(told), AFTER)
        pay(lapsed, AFTER)
        assert (lapsed.status, lapsed.end_reason) == ("cancelled", "paid_too_late")
        (cancelled,) = said("booking.cancelled.v1")
        assert (cancelled["reason"], cancelled["version"]) == ("paid_too_late", lapsed.version)
        assert left(told) == 1
        check_invariants()

    def test_places_of_dead_holds_are_free(self, told, lapsed):
        booking.hold(wants(told), AFTER)
        later = AFTER + timedelta(hours=1)
        pay(lapsed, later)
        assert lapsed.status == "confirmed"
        assert len(said("booking.expired.v1")) == 2
        check_invariants()

    def test_when_one_type_is_gone_nothing_is_taken(self):
        told = stage(3, 1)
        kinds = [UUID(kind["ticketTypeId"]) for kind in told["ticketTypes"]]
        one = held(told, items=((kinds[0], 1), (kinds[1], 1)))
        ending.expire(AFTER)
        booking.hold(wants(told, items=((kinds[1], 1),)), AFTER)
        pay(one, AFTER)
        assert one.status == "cancelled"
        check_invariants()

    def test_an_event_cap_counts(self):
        told = stage(2, 2, cap=2)
        kinds = [UUID(kind["ticketTypeId"]) for kind in told["ticketTypes"]]
        one = held(told, items=((kinds[0], 2),))
        ending.expire(AFTER)
        booking.hold(wants(told, items=((kinds[1], 1),)), AFTER)
        pay(one, AFTER)
        assert one.status == "cancelled"
        check_invariants()

    def test_nobody_gets_more_places_than_one_person_may_have(self):
        told = stage(9, maxPerPerson=3)
        one = held(told, 2)
        ending.expire(AFTER)
        booking.hold(wants(told, 2, user_id=one.user_id), AFTER)
        pay(one, AFTER)
        assert one.status == "cancelled"

    def test_places_of_other_events_do_not_count(self):
        told = stage(9, maxPerPerson=2)
        one = held(told, 2)
        ending.expire(AFTER)
        booking.hold(wants(stage(9), 2, user_id=one.user_id), AFTER)
        pay(one, AFTER)
        assert one.status == "confirmed"

    def test_not_when_the_event_is_cancelled(self, told, lapsed):
        with transaction.atomic():
            event.learn({**told, "version": 2, "status": "cancelled"})
        pay(lapsed, AFTER)
        assert lapsed.status == "cancelled"
        assert left(told) == 2

    @pytest.mark.parametrize(("early", "expected"), [(1, "confirmed"), (0, "cancelled")])
    def test_what_counts_is_whether_it_was_paid_during_the_sale(self, told, lapsed, early, expected):
        end = NOW + timedelta(days=30)
        pay(lapsed, end - timedelta(seconds=early), now=end + timedelta(days=1))
        assert lapsed.status == expected

    def test_what_its_person_cancelled_stays_so_and_is_said_again(self, told):
        one = held(told)
        booking.cancel(one.booking_id, one.user_id, NOW)
        pay(one)
        assert one.status == "cancelled"
        assert [fact["reason"] for fact in said("booking.cancelled.v1")] == ["person", "person"]
        assert [fact["version"] for fact in said("booking.cancelled.v1")] == [2, 3]
        check_invariants()

    def test_hearing_of_it_twice_says_it_once(self, told, lapsed):
        payment = new_id()
        booking.hold(wants(told), AFTER)
        for _ in range(2):
            pay(lapsed, AFTER, payment_id=payment)
        assert len(said("booking.cancelled.v1")) == 1


class TestGivenBack:
    def back(self, one):
        with transaction.atomic():
            paying.given_back(one.booking_id, one.event_id, NOW)
        one.refresh_from_db()

    def test_a_ticket_is_cancelled_and_its_places_come_back_once(self):
        told = stage(5)
        one = held(told, 2)
        pay(one)
        for _ in range(2):
            self.back(one)
        assert (one.status, one.end_reason) == ("cancelled", "refunded")
        assert left(told) == 5
        assert len(said("booking.cancelled.v1")) == 1
        check_invariants()

    def test_before_the_payment_is_heard_no_ticket_comes_of_it(self):
        one = held(stage(5))
        self.back(one)
        pay(one)
        assert one.status == "cancelled"
        check_invariants()

    def test_a_lapsed_hold_is_not_revived_by_it(self):
        one = held(stage(5))
        ending.expire(AFTER)
        self.back(one)
        assert [fact["reason"] for fact in said("booking.cancelled.v1")] == ["refunded"]
        pay(one, AFTER)
        assert (one.status, one.end_reason) == ("cancelled", "refunded")

    @pytest.mark.parametrize(
        ("cause", "refunded", "expected"),
        [("organizer", 9000, True), ("organizer", 8999, False), ("person", 9000, False)],
    )
    def test_only_the_organizers_full_refund_counts(self, cause, refunded, expected):
        facts = {"cause": cause, "refundedAmount": refunded, "paymentAmount": 9000}
        assert paying.is_given_back(facts) is expected
