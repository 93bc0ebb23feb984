"""Paying: charged once, declined clearly, and never left unknown."""

import pytest
import time_machine
from django.utils import timezone

from frontrow.chassis.models import Outbox
from frontrow.services.bookings import ending
from frontrow.services.bookings.models import Booking
from frontrow.services.payments import payment as story
from frontrow.services.payments import rules
from frontrow.services.payments.models import Payment, SandboxCharge
from frontrow.services.payments.provider import Outcome
from tests.cast import settle

from .stage import (
    AUTHENTICATES,
    DECLINED,
    LOST,
    SILENT,
    SLOW,
    VISA,
    answer,
    captured,
    check_money,
    lapse,
    paid,
    pays,
    status_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking(ada, ben):
    return ben.books(ada.lists(), 2)


def said(kind: str) -> list[dict]:
    return [row.data for row in Outbox.objects.filter(type=kind).order_by("id")]


def test_a_payment_makes_a_ticket(ben, booking):
    status, payment = pays(ben, booking)
    assert status == 201
    assert payment["status"] == "succeeded"
    assert (payment["amount"], payment["currency"]) == (5000, "EUR")
    assert payment["bookingId"] == booking["bookingId"]
    assert payment["userId"] == str(ben.user_id)
    assert "nextAction" in payment
    assert payment["nextAction"] is None
    settle()
    assert status_of(booking) == "confirmed"
    assert captured(booking) == [(5000, 0)]
    check_money()


def test_a_declined_card_is_refused_remembered_and_said(ben, booking):
    status, problem = pays(ben, booking, "pm_card_chargeDeclinedInsufficientFunds")
    assert (status, problem["code"], problem["declineCode"]) == (
        402,
        "payment_declined",
        "insufficient_funds",
    )
    assert problem["detail"] == "Your card has insufficient funds. Try another card."
    (failed,) = said("payment.failed.v1")
    assert failed["reason"] == "Your card has insufficient funds."
    assert ben.get(f"/payments/{problem['paymentId']}")[1]["status"] == "failed"
    settle()
    assert status_of(booking) == "held"
    check_money()


def test_another_card_works_after_a_decline(ben, booking):
    assert pays(ben, booking, DECLINED)[0] == 402
    paid(ben, booking)
    settle()
    assert status_of(booking) == "confirmed"
    assert captured(booking) == [(5000, 0)]


def test_what_is_paid_is_not_due_again(ben, booking):
    paid(ben, booking)
    assert pays(ben, booking)[1]["code"] == "nothing_due"  # payments knows it at once
    settle()
    assert pays(ben, booking)[1]["code"] == "nothing_due"  # and bookings in a moment
    assert captured(booking) == [(5000, 0)]


def test_a_free_booking_owes_nothing(ada, ben):
    assert pays(ben, ben.books(ada.lists(price=0)))[1]["code"] == "nothing_due"


def test_a_lapsed_hold_is_not_paid(ben, booking):
    lapse(booking)
    status, problem = pays(ben, booking)
    assert (status, problem["code"]) == (409, "nothing_due")
    assert "lapsed" in problem["detail"]


def test_a_hold_past_its_deadline_is_not_paid_even_if_nobody_ended_it(ben, booking):
    Booking.objects.update(expires_at=timezone.now(), held_until=timezone.now())
    assert pays(ben, booking)[1]["code"] == "nothing_due"
    assert Payment.objects.count() == 0


def test_a_strangers_booking_does_not_exist(cy, booking):
    assert pays(cy, booking)[0] == 404
    assert Payment.objects.count() == 0


def test_a_cancelled_booking_owes_nothing(ben, booking):
    ben.delete(f"/bookings/{booking['bookingId']}")
    status, problem = pays(ben, booking)
    assert (status, problem["code"]) == (409, "nothing_due")
    assert "cancelled" in problem["detail"]


class TestKeys:
    def test_the_same_key_pays_once(self, ben, booking):
        first = pays(ben, booking, **{"Idempotency-Key": "k1"})
        again = pays(ben, booking, **{"Idempotency-Key": "k1"})
        assert first == again
        assert first[0] == 201
        settle()
        assert pays(ben, booking, **{"Idempotency-Key": "k1"}) == first
        assert captured(booking) == [(5000, 0)]

    def test_with_another_body_it_is_refused(self, ada, ben, booking):
        other = ben.books(ada.lists())
        pays(ben, booking, **{"Idempotency-Key": "k1"})
        status, problem = pays(ben, other, **{"Idempotency-Key": "k1"})
        assert (status, problem["code"]) == (422, "idempotency_key_reused")
        assert captured(other) == []

    def test_a_refusal_is_decided_anew(self, ben, booking, monkeypatch):
        assert pays(ben, booking, DECLINED, **{"Idempotency-Key": "k1"})[0] == 402
        assert pays(ben, booking, VISA, **{"Idempotency-Key": "k1"})[0] == 201
        assert captured(booking) == [(5000, 0)]

    def test_two_people_may_use_the_same(self, ada, ben, cy, booking):
        other = cy.books(ada.lists())
        assert pays(ben, booking, **{"Idempotency-Key": "k1"})[0] == 201
        assert pays(cy, other, **{"Idempotency-Key": "k1"})[0] == 201

    def test_a_payment_that_waits_for_its_person_is_answered_again(self, ben, booking):
        first = pays(ben, booking, AUTHENTICATES, **{"Idempotency-Key": "k1"})
        assert pays(ben, booking, AUTHENTICATES, **{"Idempotency-Key": "k1"}) == first


class TestAuthentication:
    def test_it_is_confirmed_at_the_bank(self, ben, booking):
        status, payment = pays(ben, booking, AUTHENTICATES)
        assert (status, payment["status"]) == (201, "requires_action")
        assert payment["nextAction"]["url"].startswith("http://testserver/sandbox/")
        assert captured(booking) == []
        answer(payment, "confirm")
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["status"] == "succeeded"
        settle()
        assert status_of(booking) == "confirmed"
        check_money()

    def test_it_is_refused_at_the_bank(self, ben, booking):
        _, payment = pays(ben, booking, AUTHENTICATES)
        answer(payment, "refuse")
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["status"] == "failed"
        (failed,) = said("payment.failed.v1")
        assert failed["code"] == "authentication_failed"
        paid(ben, booking)

    def test_answering_twice_changes_nothing(self, ben, booking):
        _, payment = pays(ben, booking, AUTHENTICATES)
        answer(payment, "confirm")
        answer(payment, "refuse")
        answer(payment, "confirm")
        assert len(said("payment.succeeded.v1")) == 1
        assert captured(booking) == [(5000, 0)]

    def test_another_card_takes_its_place(self, ben, booking):
        _, waiting = pays(ben, booking, AUTHENTICATES)
        paid(ben, booking)
        assert ben.get(f"/payments/{waiting['paymentId']}")[1]["status"] == "failed"
        answer(waiting, "confirm")  # too late: it was ended at the bank
        settle()
        assert captured(booking) == [(5000, 0)]
        assert said("payment.failed.v1") == []
        check_money()

    def test_another_card_is_not_charged_if_the_first_was_confirmed(self, ben, booking):
        _, waiting = pays(ben, booking, AUTHENTICATES)
        charge = SandboxCharge.objects.get()
        SandboxCharge.objects.update(status="succeeded")  # confirmed, and the news of it lost
        assert pays(ben, booking)[1]["code"] == "nothing_due"
        assert ben.get(f"/payments/{waiting['paymentId']}")[1]["status"] == "succeeded"
        assert captured(booking) == [(charge.amount, 0)]

    def test_news_from_the_bank_that_were_lost_are_asked_for(self, ben, booking):
        pays(ben, booking, AUTHENTICATES)
        SandboxCharge.objects.update(status="succeeded")
        settle(timezone.now() + rules.FIRST_LOOK)
        assert status_of(booking) == "confirmed"

    def test_it_waits_for_an_hour(self, ben, booking):
        _, payment = pays(ben, booking, AUTHENTICATES)
        started = timezone.now()
        story.look_due(started + rules.TO_AUTHENTICATE - rules.LONGEST_WAIT)
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["status"] == "requires_action"
        story.look_due(started + rules.TO_AUTHENTICATE + rules.LONGEST_WAIT)
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["status"] == "failed"
        (failed,) = said("payment.failed.v1")
        assert failed["code"] == "not_authenticated"
        answer(payment, "confirm")
        assert captured(booking) == []

    def test_a_page_of_no_payment_is_not_there(self, nobody):
        assert nobody.get("/sandbox/sandbox_nothing")[0] == 404


class TestUnknownOutcomes:
    def test_what_was_taken_without_an_answer_ends_as_a_ticket(self, ben, booking):
        status, payment = pays(ben, booking, LOST)
        assert (status, payment["status"]) == (202, "processing")
        assert captured(booking) == [(5000, 0)]
        settle()
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["status"] == "succeeded"
        assert status_of(booking) == "confirmed"
        check_money()

    def test_what_was_never_taken_ends_as_a_failure(self, ben, booking):
        status, payment = pays(ben, booking, SILENT)
        assert (status, payment["status"]) == (202, "processing")
        settle()
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["status"] == "failed"
        assert captured(booking) == []
        assert status_of(booking) == "held"
        paid(ben, booking)

    def test_an_order_that_arrives_after_it_was_given_up_is_not_charged(self, ben, booking, monkeypatch):
        orders = []
        monkeypatch.setattr(story.PROVIDER, "charge", lambda order: orders.append(order) or lost())
        pays(ben, booking)
        monkeypatch.undo()
        story.look_due(timezone.now())
        late = story.PROVIDER.charge(orders[0])
        assert late.status == "failed"
        assert captured(booking) == []

    def test_a_slow_bank_is_waited_for(self, ben, booking, monkeypatch):
        monkeypatch.setattr("frontrow.services.payments.sandbox.SLOW_SECONDS", 0.01)
        paid(ben, booking, SLOW)

    def test_while_the_bank_is_away_nothing_is_decided(self, ben, booking, monkeypatch):
        _, payment = pays(ben, booking, LOST)
        monkeypatch.setattr(story.PROVIDER, "cancel", lambda key, at: lost())
        now = timezone.now()
        for seconds in (0, 30, 60):
            story.look_due(now + seconds * rules.FIRST_LOOK)
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["status"] == "processing"
        monkeypatch.undo()
        story.look_due(now + 100 * rules.FIRST_LOOK)
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["status"] == "succeeded"

    def test_another_payment_waits_for_one_in_flight_and_is_refused(self, ben, booking, monkeypatch):
        monkeypatch.setattr(story, "WAIT_SECONDS", 0.1)
        pays(ben, booking, LOST)
        status, problem = pays(ben, booking)
        assert (status, problem["code"]) == (409, "payment_in_progress")
        assert captured(booking) == [(5000, 0)]

    def test_one_that_cannot_be_looked_at_keeps_no_other_waiting(self, ada, ben, booking, monkeypatch):
        other = ben.books(ada.lists())
        _, broken = pays(ben, booking, LOST)
        pays(ben, other, LOST)
        cancel = story.PROVIDER.cancel

        def fails_for_one(key, at):
            if key == broken["paymentId"]:
                raise RuntimeError("broken")
            return cancel(key, at)

        monkeypatch.setattr(story.PROVIDER, "cancel", fails_for_one)
        settle()
        assert (status_of(booking), status_of(other)) == ("held", "confirmed")

    def test_a_crash_before_the_charge_is_no_charge(self, ada, ben, booking, monkeypatch):
        monkeypatch.setattr(story.PROVIDER, "charge", lambda order: crash())
        assert pays(ben, booking)[0] == 500
        monkeypatch.undo()
        settle(timezone.now() + rules.LONGEST_WAIT)
        assert Payment.objects.get().status == "failed"
        assert captured(booking) == []

    def test_a_crash_after_the_charge_ends_as_a_ticket(self, ben, booking, monkeypatch):
        monkeypatch.setattr(story, "settle", lambda *_: crash())
        assert pays(ben, booking)[0] == 500
        monkeypatch.undo()
        settle(timezone.now() + rules.LONGEST_WAIT)
        assert status_of(booking) == "confirmed"
        check_money()


def lost() -> Outcome:
    raise story.ProviderAway


def crash() -> Outcome:
    raise RuntimeError("killed here")


class TestLate:
    """The hold lapses while the person is at their bank."""

    def test_with_places_left_it_ends_as_a_ticket(self, ada, ben):
        event = ada.lists(capacity=2)
        booking = ben.books(event, 2)
        _, payment = pays(ben, booking, AUTHENTICATES)
        lapse(booking)
        answer(payment, "confirm")
        settle()
        assert status_of(booking) == "confirmed"
        assert captured(booking) == [(5000, 0)]
        check_money()

    def test_with_none_left_all_goes_back(self, ada, ben, cy):
        event = ada.lists(capacity=2)
        booking = ben.books(event, 2)
        _, payment = pays(ben, booking, AUTHENTICATES)
        lapse(booking)
        cy.books(event)
        answer(payment, "confirm")
        settle()
        assert status_of(booking) == "cancelled"
        assert captured(booking) == [(5000, 5000)]
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["status"] == "refunded"
        check_money()

    def test_after_the_person_gave_it_back_all_goes_back(self, ben, booking):
        _, payment = pays(ben, booking, AUTHENTICATES)
        ben.delete(f"/bookings/{booking['bookingId']}")
        answer(payment, "confirm")
        settle()
        assert captured(booking) == [(5000, 5000)]
        check_money()

    def test_after_the_event_was_cancelled_all_goes_back(self, ada, ben, booking):
        _, payment = pays(ben, booking, AUTHENTICATES)
        ada.delete(f"/events/{booking['eventId']}")
        answer(payment, "confirm")
        settle()
        assert captured(booking) == [(5000, 5000)]
        check_money()

    def test_a_payment_of_a_cancelled_booking_is_ended_at_the_bank(self, ben, booking):
        _, payment = pays(ben, booking, AUTHENTICATES)
        ben.delete(f"/bookings/{booking['bookingId']}")
        settle()
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["status"] == "failed"
        answer(payment, "confirm")
        settle()
        assert captured(booking) == []
        assert not [row for row in Outbox.objects.all() if row.type == "payment.failed.v1"]

    def test_money_that_arrives_after_a_failure_goes_back(self, ben, booking):
        """A bank that contradicts itself."""
        _, problem = pays(ben, booking, DECLINED, **{"Idempotency-Key": "k1"})
        paid_again = pays(ben, booking, **{"Idempotency-Key": "k1"})
        SandboxCharge.objects.filter(key=problem["paymentId"]).update(status="succeeded")
        first = Payment.objects.get(payment_id=problem["paymentId"])
        story.settle(first.payment_id, story.PROVIDER.find(str(first.payment_id)), timezone.now())
        settle()
        assert status_of(booking) == "confirmed"
        assert sorted(captured(booking)) == [(5000, 0), (5000, 5000)]
        assert paid_again[1]["status"] == "succeeded"


class TestExtension:
    def test_a_hold_lasts_ten_minutes_from_when_it_is_first_being_paid(self, ada, ben):
        booking = ben.books(ada.lists(holdMinutes=1))
        with time_machine.travel(Booking.objects.get().booking_date, tick=False):
            pays(ben, booking, DECLINED)
        row = Booking.objects.get()
        assert (row.expires_at - row.booking_date).total_seconds() == 600

    def test_it_is_extended_once(self, ada, ben):
        booking = ben.books(ada.lists(holdMinutes=1))
        begin = Booking.objects.get().booking_date
        with time_machine.travel(begin, tick=False):
            pays(ben, booking, DECLINED)
        first = Booking.objects.get().expires_at
        with time_machine.travel(begin + rules.FIRST_LOOK * 60, tick=False):
            pays(ben, booking, DECLINED)
        assert Booking.objects.get().expires_at == first

    def test_a_hold_that_lasts_longer_is_left_alone(self, ben, booking):
        before = Booking.objects.get().expires_at
        pays(ben, booking, DECLINED)
        assert Booking.objects.get().expires_at == before

    def test_an_extended_hold_does_not_lapse_at_its_first_deadline(self, ada, ben):
        booking = ben.books(ada.lists(holdMinutes=1))
        pays(ben, booking, DECLINED)
        ending.expire(Booking.objects.get().held_until)
        assert status_of(booking) == "held"
