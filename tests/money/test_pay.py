"""Paying: charged once, declined clearly, and never left unknown."""

from datetime import timedelta
from unittest import mock
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import time_machine
from django.utils import timezone

from frontrow.chassis import handover, outbox
from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Outbox
from frontrow.services.bookings import ending
from frontrow.services.bookings.models import Booking
from frontrow.services.bookings.tests.stage import check_invariants
from frontrow.services.payments import clients, rules
from frontrow.services.payments import payment as story
from frontrow.services.payments.models import Payment, SandboxCharge
from frontrow.services.payments.provider import Outcome
from tests.cast import settle

from .stage import (
    AUTHENTICATES,
    BY_ITSELF,
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
    refunds,
    status_of,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("doors")]


@pytest.fixture(autouse=True)
def _nobody_waits_long_for_a_slow_bank():
    with mock.patch("frontrow.services.payments.sandbox.SLOW_SECONDS", 0.01):
        yield


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


def test_what_was_refunded_before_bookings_heard_of_it_is_not_charged_again(ada, ben, booking):
    refunds(ada, paid(ben, booking))
    assert pays(ben, booking)[1]["code"] == "nothing_due"
    settle()
    assert captured(booking) == [(5000, 5000)]


def test_what_was_partly_refunded_is_not_paid_again(ada, ben, booking):
    refunds(ada, paid(ben, booking), amount=1000)
    assert pays(ben, booking)[1]["code"] == "nothing_due"


def test_what_is_settled_is_not_looked_at_again(ben, booking):
    paid(ben, booking)
    assert Payment.objects.get().next_at is None


def test_another_outcome_after_success_changes_nothing(ben, booking):
    payment, now = paid(ben, booking), timezone.now()
    for status in ("failed", "requires_action"):
        outcome = Outcome(status, "x", now, "card_declined", "No.", "/sandbox/x")
        assert story.settle(payment["paymentId"], outcome, now).status == "succeeded"


def test_a_failure_is_said_once(ben, booking):
    _, problem = pays(ben, booking, DECLINED)
    story.settle(problem["paymentId"], _found(problem["paymentId"]), timezone.now())
    assert len(said("payment.failed.v1")) == 1


def test_a_free_booking_owes_nothing(ada, ben):
    assert pays(ben, ben.books(ada.lists(price=0)))[1]["code"] == "nothing_due"


def test_a_lapsed_hold_is_not_paid(ben, booking):
    lapse(booking)
    status, problem = pays(ben, booking)
    assert (status, problem["code"]) == (409, "nothing_due")
    assert "lapsed" in problem["detail"]


def test_a_hold_past_its_deadline_is_not_paid_even_if_nobody_ended_it(ben, booking):
    now = timezone.now()
    Booking.objects.update(expires_at=now, held_until=now)
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
        assert payment["nextAction"]["url"].startswith("http://127.0.0.1:8000/sandbox/")
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
        assert said("payment.failed.v1") == []
        settle()
        assert captured(booking) == [(5000, 0)]
        check_money()

    def test_it_is_not_charged_while_the_first_cannot_be_ended(self, ben, booking, monkeypatch):
        pays(ben, booking, AUTHENTICATES)
        monkeypatch.setattr(story.PROVIDER, "cancel", lambda key, at: lost())
        assert pays(ben, booking)[0] == 503
        assert captured(booking) == []

    def test_what_the_bank_had_said_is_not_overwritten(self, ben, booking):
        _, waiting = pays(ben, booking, AUTHENTICATES)
        SandboxCharge.objects.update(status="failed", code="authentication_failed")
        paid(ben, booking)
        assert Payment.objects.get(payment_id=waiting["paymentId"]).failure_code == "authentication_failed"

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

    @pytest.mark.parametrize("reference", ["sandbox_nothing", "a%00b", "a%20b", "%C3%BC", "x" * 101])
    def test_a_page_of_no_payment_is_not_there(self, nobody, reference):
        assert nobody.get(f"/sandbox/{reference}")[0] == 404

    def test_only_the_payer_learns_where_to_act(self, ada, ben, booking):
        _, payment = pays(ben, booking, AUTHENTICATES)
        path = f"/payments/{payment['paymentId']}"
        assert ben.get(path)[1]["nextAction"] == payment["nextAction"]
        assert ada.get(path)[1]["nextAction"] is None

    def test_why_it_failed_is_told(self, ben, booking):
        _, payment = pays(ben, booking, AUTHENTICATES)
        assert payment["failure"] is None
        answer(payment, "refuse")
        failure = {"code": "authentication_failed", "reason": "Your bank did not confirm the payment."}
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["failure"] == failure

    BAD_FORMS = {
        "nothing": (b"", "application/x-www-form-urlencoded", 422),
        "another word": (b"answer=perhaps", "application/x-www-form-urlencoded", 422),
        "no boundary": (b"x", "multipart/form-data", 400),
        "too many fields": (
            b"&".join(b"a%d=1" % n for n in range(2000)),
            "application/x-www-form-urlencoded",
            400,
        ),
    }

    @pytest.mark.parametrize(("body", "kind", "status"), BAD_FORMS.values(), ids=BAD_FORMS.keys())
    def test_what_is_no_answer_settles_nothing(self, ben, booking, body, kind, status):
        _, payment = pays(ben, booking, AUTHENTICATES)
        page = urlsplit(payment["nextAction"]["url"]).path
        assert ben.client.generic("POST", page, body, kind).status_code == status
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["status"] == "requires_action"


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
        monkeypatch.setattr(story.PROVIDER, "charge", lambda order, keep: orders.append(order) or lost())
        pays(ben, booking, BY_ITSELF)
        monkeypatch.undo()
        story.look_due(timezone.now())
        late = story.PROVIDER.charge(orders[0], print)
        assert late.status == "failed"
        assert captured(booking) == []

    def test_a_slow_bank_is_waited_for(self, ben, booking):
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

    def test_a_bank_that_is_away_is_not_hammered(self, ben, booking, monkeypatch):
        pays(ben, booking, LOST)
        monkeypatch.setattr(story.PROVIDER, "cancel", lambda key, at: lost())
        now = timezone.now()
        story.look_due(now)
        assert Payment.objects.get().next_at >= now + rules.FIRST_LOOK

    def test_it_was_paid_when_the_bank_took_it(self, ben, booking):
        pays(ben, booking, LOST)
        story.look_due(timezone.now() + timedelta(days=1))
        assert Payment.objects.get().payment_date == SandboxCharge.objects.get().at

    def test_what_the_bank_declined_before_a_crash_is_told_as_that(self, ben, booking, monkeypatch):
        monkeypatch.setattr(story, "settle", lambda *_: crash())
        assert pays(ben, booking, DECLINED)[0] == 500
        monkeypatch.undo()
        story.look_due(timezone.now() + rules.LONGEST_WAIT)
        assert Payment.objects.get().failure_code == "card_declined"

    def test_a_payment_in_our_hands_is_not_given_up_even_if_our_clock_is_old(self, ben, booking, monkeypatch):
        due = clients.due(UUID(booking["bookingId"]), ben.user_id)
        charge = story.PROVIDER.charge

        def looked_at(*order):
            story.look_due(timezone.now())
            return charge(*order)

        monkeypatch.setattr(story.PROVIDER, "charge", looked_at)
        wanted = story.Wanted(ben.user_id, due.booking_id, VISA)
        assert story.charge(due, wanted, timezone.now() - rules.LONGEST_WAIT).status == "succeeded"

    def test_a_booking_cancelled_meanwhile_is_told_as_that(self, ben, booking, monkeypatch):
        charge = story.PROVIDER.charge

        def cancelled_first(*order):
            ben.delete(f"/bookings/{booking['bookingId']}")
            settle()
            return charge(*order)

        monkeypatch.setattr(story.PROVIDER, "charge", cancelled_first)
        status, problem = pays(ben, booking, BY_ITSELF)
        assert (status, problem["detail"]) == (402, rules.GIVEN_UP["booking_cancelled"])

    def test_unknown_outcomes_come_before_people_at_their_bank(self, monkeypatch):
        now, asked = timezone.now(), []
        monkeypatch.setattr(story, "look", lambda payment, now: asked.append(payment.status))
        for status, count in (("requires_action", 300), ("processing", 1)):
            Payment.objects.bulk_create(
                Payment(booking_id=new_id(), user_id=new_id(), event_id=new_id(), organizer_id=new_id(), amount=1,
                        currency="EUR", status=status, payment_date=now, created_at=now, next_at=now)
                for _ in range(count)
            )  # fmt: skip
        story.look_due(now)
        assert asked[0] == "processing"
        assert len(asked) <= story.AT_ONCE * story.BATCHES

    def test_another_payment_waits_for_one_in_flight_and_is_refused(self, ben, booking, monkeypatch):
        monkeypatch.setattr(story, "OTHER_SECONDS", 0.1)
        pays(ben, booking, LOST)
        status, problem = pays(ben, booking)
        assert (status, problem["code"]) == (409, "payment_in_progress")
        assert captured(booking) == [(5000, 0)]

    def test_one_that_cannot_be_looked_at_keeps_no_other_waiting(self, ada, ben, booking, monkeypatch):
        other = ben.books(ada.lists())
        _, broken = pays(ben, booking, LOST)
        pays(ben, other, LOST)
        cancel = story.PROVIDER.cancel

        def fails_for_one(order, at):
            if order.key == broken["paymentId"]:
                raise RuntimeError("broken")
            return cancel(order, at)

        monkeypatch.setattr(story.PROVIDER, "cancel", fails_for_one)
        settle()
        assert (status_of(booking), status_of(other)) == ("held", "confirmed")

    def test_a_crash_before_the_charge_is_no_charge(self, ada, ben, booking, monkeypatch):
        monkeypatch.setattr(story.PROVIDER, "charge", lambda order, keep: crash())
        assert pays(ben, booking, BY_ITSELF)[0] == 500
        monkeypatch.undo()
        settle(timezone.now() + rules.LONGEST_WAIT)
        assert Payment.objects.get().status == "failed"
        assert captured(booking) == []

    def test_a_crash_after_the_charge_ends_as_a_ticket(self, ben, booking, monkeypatch):
        monkeypatch.setattr(story, "settle", lambda *_: crash())
        assert pays(ben, booking, BY_ITSELF)[0] == 500
        monkeypatch.undo()
        settle(timezone.now() + rules.LONGEST_WAIT)
        assert status_of(booking) == "confirmed"
        check_money()


def hear() -> None:
    """Let messages be heard, without any periodic work."""
    while outbox.relay() or handover.deliver(timezone.now()):
        pass


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

    def test_the_end_of_what_nobody_wants_any_more_is_not_said(self, ben, booking):
        pays(ben, booking, AUTHENTICATES)
        ben.delete(f"/bookings/{booking['bookingId']}")
        hear()
        story.look_due(timezone.now())
        assert Payment.objects.get().status == "failed"
        assert said("payment.failed.v1") == []

    def test_nor_that_it_was_paid(self, ben, booking):
        _, payment = pays(ben, booking, AUTHENTICATES)
        ben.delete(f"/bookings/{booking['bookingId']}")
        hear()
        answer(payment, "confirm")
        assert said("payment.succeeded.v1") == []
        settle()
        assert captured(booking) == [(5000, 5000)]
        check_money()

    def test_for_a_cancelled_event_says_so(self, ada, ben, booking):
        _, payment = pays(ben, booking, AUTHENTICATES)
        lapse(booking)
        ada.delete(f"/events/{booking['eventId']}")
        answer(payment, "confirm")
        settle()
        row = Booking.objects.get()
        assert (row.status, row.end_reason) == ("cancelled", "event_cancelled")
        assert captured(booking) == [(5000, 5000)]

    def test_what_was_given_back_after_it_lapsed_is_not_revived(self, ben, booking):
        _, payment = pays(ben, booking, AUTHENTICATES)
        lapse(booking)
        assert ben.delete(f"/bookings/{booking['bookingId']}")[1]["status"] == "cancelled"
        settle()
        answer(payment, "confirm")
        settle()
        assert status_of(booking) == "cancelled"
        check_money()

    def test_an_overdue_hold_does_not_get_its_person_more_than_one_may_have(self, ada, ben):
        event = ada.lists(maxPerPerson=2)
        first = ben.books(event, 2)
        paid(ben, first)
        Booking.objects.update(expires_at=timezone.now())
        second = ben.books(event, 2)
        paid(ben, second)
        settle()
        assert sorted([status_of(first), status_of(second)]) == ["cancelled", "confirmed"]
        check_money()
        check_invariants()

    def test_no_ticket_of_a_cancelled_event_is_said_before_it_is_closed(self, ada, ben, booking):
        paid(ben, booking)
        ada.delete(f"/events/{booking['eventId']}")
        kinds = []
        while rows := list(Outbox.objects.all()):
            kinds += [row.type for row in rows]
            hear()
        assert "booking.confirmed.v1" not in kinds
        settle()
        check_money()
        check_invariants()

    def test_money_that_arrives_after_a_failure_goes_back(self, ben, booking):
        """A bank that contradicts itself."""
        _, problem = pays(ben, booking, DECLINED, **{"Idempotency-Key": "k1"})
        paid_again = pays(ben, booking, **{"Idempotency-Key": "k1"})
        SandboxCharge.objects.filter(key=problem["paymentId"]).update(status="succeeded")
        first = Payment.objects.get(payment_id=problem["paymentId"])
        story.settle(first.payment_id, _found(first.payment_id), timezone.now())
        settle()
        assert status_of(booking) == "confirmed"
        assert sorted(captured(booking)) == [(5000, 0), (5000, 5000)]
        assert paid_again[1]["status"] == "succeeded"

    def test_after_it_one_can_pay(self, ben, booking):
        _, problem = pays(ben, booking, DECLINED)
        SandboxCharge.objects.update(status="succeeded")
        story.settle(problem["paymentId"], _found(problem["paymentId"]), timezone.now())
        paid(ben, booking)
        settle()
        assert status_of(booking) == "confirmed"
        check_money()


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


def _found(payment_id):
    """What became of a payment, by the provider."""
    return story.PROVIDER.find(Payment.objects.get(pk=payment_id).order(timezone.now()))
