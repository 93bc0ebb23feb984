"""Refunds: by the organiser in part or in full, and of whatever was paid for a booking that ended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from frontrow.chassis.models import Outbox
from frontrow.services.payments import refund as story
from frontrow.services.payments import rules
from frontrow.services.payments.models import Payment, Refund, SandboxRefund
from tests.cast import settle

from .stage import DECLINED, REFUND_LOST, captured, check_money, paid, pays, refunds, status_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(ada):
    return ada.lists()


@pytest.fixture
def booking(ben, event):
    return ben.books(event, 2)


@pytest.fixture
def payment(ben, booking):
    made = paid(ben, booking)
    settle()
    return made


def read(person, payment):
    return person.get(f"/payments/{payment['paymentId']}")[1]


def said() -> list[dict]:
    return [row.data for row in Outbox.objects.filter(type="refund.succeeded.v1").order_by("id")]


class TestByTheOrganizer:
    def test_in_part_the_ticket_stays(self, ada, ben, booking, payment):
        status, refund = refunds(ada, payment, amount=1500, reason="The second half was cut short.")
        assert (status, refund["amount"], refund["currency"], refund["status"]) == (
            201,
            1500,
            "EUR",
            "succeeded",
        )
        (told,) = said()
        assert (told["refundedAmount"], told["paymentAmount"], told["cause"]) == (1500, 5000, "organizer")
        settle()
        assert (read(ben, payment)["status"], read(ben, payment)["refundedAmount"]) == (
            "partially_refunded",
            1500,
        )
        assert status_of(booking) == "confirmed"
        assert captured(booking) == [(5000, 1500)]
        check_money()

    def test_in_full_the_booking_is_cancelled(self, ada, ben, event, booking, payment):
        assert refunds(ada, payment)[1]["amount"] == 5000
        settle()
        assert read(ben, payment)["status"] == "refunded"
        assert status_of(booking) == "cancelled"
        assert ben.get(f"/events/{event['eventId']}")[1]["availability"] == 10
        check_money()

    def test_in_two_parts_that_make_all_it_is_cancelled_too(self, ada, booking, payment):
        refunds(ada, payment, amount=4999)
        settle()
        assert status_of(booking) == "confirmed"
        assert refunds(ada, payment)[1]["amount"] == 1
        settle()
        assert status_of(booking) == "cancelled"
        check_money()

    def test_what_is_refunded_is_not_refunded_again(self, ada, payment):
        refunds(ada, payment)
        status, problem = refunds(ada, payment)
        assert (status, problem["code"]) == (409, "already_refunded")

    def test_not_more_than_is_left(self, ada, booking, payment):
        refunds(ada, payment, amount=4000)
        status, problem = refunds(ada, payment, amount=1001)
        assert (status, problem["code"], problem["refundable"]) == (409, "amount_too_high", 1000)
        assert captured(booking) == [(5000, 4000)]

    def test_what_was_not_captured_does_not_go_back(self, ada, ben, booking):
        _, problem = pays(ben, booking, DECLINED)
        status, refused = refunds(ada, {"paymentId": problem["paymentId"]})
        assert (status, refused["code"]) == (409, "not_paid")

    def test_only_by_the_events_organizer(self, ben, cy, payment):
        assert refunds(ben, payment)[0] == 404
        assert refunds(cy, payment)[0] == 404
        assert SandboxRefund.objects.count() == 0

    def test_the_same_key_refunds_once(self, ada, booking, payment):
        first = refunds(ada, payment, amount=1000, headers={"Idempotency-Key": "r1"})
        again = refunds(ada, payment, amount=1000, headers={"Idempotency-Key": "r1"})
        assert first == again
        assert captured(booking) == [(5000, 1000)]

    def test_with_another_body_the_key_is_refused(self, ada, booking, payment):
        refunds(ada, payment, amount=1000, headers={"Idempotency-Key": "r1"})
        status, problem = refunds(ada, payment, amount=2000, headers={"Idempotency-Key": "r1"})
        assert (status, problem["code"]) == (422, "idempotency_key_reused")
        assert captured(booking) == [(5000, 1000)]

    def test_two_organizers_may_use_the_same_key(self, ada, ben, cy, payment):
        theirs = paid(ben, ben.books(cy.lists()))
        assert refunds(ada, payment, headers={"Idempotency-Key": "r1"})[0] == 201
        assert refunds(cy, theirs, headers={"Idempotency-Key": "r1"})[0] == 201

    def test_before_bookings_heard_that_it_was_paid_no_ticket_is_made(self, ada, ben, booking):
        payment = paid(ben, booking)
        refunds(ada, payment)
        late = Outbox.objects.get(type="payment.succeeded.v1")
        Outbox.objects.filter(pk=late.pk).delete()
        settle()
        late.save(force_insert=True)
        settle()
        assert status_of(booking) == "cancelled"
        check_money()


class TestOfWhatEnded:
    def test_a_booking_given_back_is_refunded_once(self, ben, booking, payment):
        assert ben.delete(f"/bookings/{booking['bookingId']}")[0] == 200
        settle()
        settle()
        assert captured(booking) == [(5000, 5000)]
        (told,) = Refund.objects.all()
        assert (told.cause, told.status) == ("person", "succeeded")
        check_money()

    def test_only_what_the_organizer_left_goes_back(self, ada, ben, booking, payment):
        refunds(ada, payment, amount=1500)
        ben.delete(f"/bookings/{booking['bookingId']}")
        settle()
        assert captured(booking) == [(5000, 5000)]
        assert sorted(Refund.objects.values_list("amount", flat=True)) == [1500, 3500]
        check_money()

    def test_a_cancelled_event_refunds_everybody(self, ada, ben, cy, event, booking, payment):
        other = cy.books(event, 3)
        paid(cy, other)
        settle()
        ada.delete(f"/events/{event['eventId']}")
        settle()
        assert captured(booking) == [(5000, 5000)]
        assert captured(other) == [(7500, 7500)]
        assert set(Refund.objects.values_list("cause", flat=True)) == {"event_cancelled"}
        check_money()

    def test_a_booking_cancelled_before_its_payment_was_heard_is_refunded(self, ben, booking):
        paid(ben, booking)
        ben.delete(f"/bookings/{booking['bookingId']}")
        settle()
        assert captured(booking) == [(5000, 5000)]
        check_money()


class TestWhileTheBankIsAway:
    def test_a_lost_answer_refunds_once(self, ada, ben, booking):
        payment = paid(ben, booking, REFUND_LOST)
        settle()
        status, refund = refunds(ada, payment, amount=1000)
        assert (status, refund["status"]) == (201, "pending")
        assert captured(booking) == [(5000, 1000)]
        assert read(ben, payment)["status"] == "succeeded"
        settle(timezone.now() + rules.LONGEST_WAIT)
        assert Refund.objects.get().status == "succeeded"
        assert read(ben, payment)["status"] == "partially_refunded"
        assert captured(booking) == [(5000, 1000)]

    def test_a_fault_is_no_refusal_of_what_was_granted(self, ada, booking, payment, monkeypatch):
        def broken(*_):
            raise RuntimeError("broken")

        monkeypatch.setattr(story.PROVIDER, "refund", broken)
        status, refund = refunds(ada, payment, amount=1000)
        assert (status, refund["status"]) == (201, "pending")
        monkeypatch.undo()
        settle(timezone.now() + rules.LONGEST_WAIT)
        assert captured(booking) == [(5000, 1000)]

    def test_some_are_claimed_the_oldest_first_and_those_not_again(self, ada, ben, booking, payment):
        for _ in range(3):
            refunds(ada, payment, amount=100)
        now = timezone.now()
        for turn, each in enumerate(Refund.objects.order_by("-pk")):
            Refund.objects.filter(pk=each.pk).update(next_at=now - timedelta(seconds=turn))
        oldest = list(Refund.objects.order_by("pk").values_list("pk", flat=True))
        claimed = [Refund.objects.claim(now, most, rules.LONGEST_WAIT) for most in (2, 2, 2)]
        assert [[each.pk for each in some] for some in claimed] == [oldest[:2], oldest[2:], []]

    def test_the_same_key_asks_again(self, ada, ben, booking):
        payment = paid(ben, booking, REFUND_LOST)
        assert refunds(ada, payment, headers={"Idempotency-Key": "r1"})[1]["status"] == "pending"
        assert refunds(ada, payment, headers={"Idempotency-Key": "r1"})[1]["status"] == "succeeded"
        assert captured(booking) == [(5000, 5000)]

    def test_what_is_pending_counts(self, ada, ben, booking):
        payment = paid(ben, booking, REFUND_LOST)
        refunds(ada, payment, amount=4000)
        assert refunds(ada, payment, amount=2000)[1]["code"] == "amount_too_high"

    def test_it_is_sent_until_it_is_taken(self, ben, booking, payment, monkeypatch):
        def away(*_):
            raise story.ProviderAway

        monkeypatch.setattr(story.PROVIDER, "refund", away)
        ben.delete(f"/bookings/{booking['bookingId']}")
        settle()
        now = timezone.now()
        for turn in range(1, 4):
            story.send_due(now + turn * rules.LONGEST_WAIT)
        assert Refund.objects.get().attempts == 4
        monkeypatch.undo()
        story.send_due(now + 5 * rules.LONGEST_WAIT)
        assert captured(booking) == [(5000, 5000)]
        check_money()

    def test_one_that_fails_keeps_no_other_waiting(self, ada, ben, cy, event, booking, payment, monkeypatch):
        other = cy.books(event)
        theirs = paid(cy, other)
        settle()
        send = story.PROVIDER.refund
        first = Payment.objects.get(payment_id=payment["paymentId"]).reference

        def fails_for_one(key, charged, amount, at):
            if charged.reference == first:
                raise RuntimeError("broken")
            return send(key, charged, amount, at)

        monkeypatch.setattr(story.PROVIDER, "refund", fails_for_one)
        ada.delete(f"/events/{event['eventId']}")
        settle()
        assert captured(other) == [(2500, 2500)]
        assert captured(booking) == [(5000, 0)]
        assert read(cy, theirs)["status"] == "refunded"
