"""Real threads on a real database: however it falls out, one charge, one refund, one ticket."""

import threading
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from frontrow.chassis import handover, outbox
from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Outbox
from frontrow.services.bookings import ending, paying
from frontrow.services.bookings.models import Event, EventStock
from frontrow.services.bookings.tests.stage import check_invariants
from frontrow.services.payments import payment as story
from frontrow.services.payments import refund
from frontrow.services.payments.models import Payment, Refund
from tests.cast import Actor, at_once, settle

from .stage import (
    AUTHENTICATES,
    LOST,
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


def codes(answers):
    return Counter(body.get("code", status) for status, body in answers)


@pytest.mark.parametrize("method", [VISA, SLOW])
def test_twenty_payments_at_once_charge_once(ben, booking, method):
    answers = codes(at_once([lambda: pays(ben, booking, method)] * 20))
    assert answers.pop(201) == 1
    assert set(answers) <= {"nothing_due", "payment_in_progress"}
    settle()
    assert captured(booking) == [(5000, 0)]
    assert status_of(booking) == "confirmed"
    check_money()


def test_one_key_sent_twenty_times_is_one_payment_and_twenty_equal_answers(ben, booking):
    answers = at_once([lambda: pays(ben, booking, SLOW, **{"Idempotency-Key": "k"})] * 20)
    assert all(each == answers[0] for each in answers)
    assert answers[0][0] == 201
    assert captured(booking) == [(5000, 0)]
    assert Payment.objects.count() == 1


def test_one_key_for_many_bookings_pays_for_one(ada, ben):
    bookings = [ben.books(ada.lists()) for _ in range(5)]
    key = {"Idempotency-Key": "k"}
    answers = at_once([lambda b=b: pays(ben, b, **key) for b in bookings])
    assert codes(answers) == {201: 1, "idempotency_key_reused": 4}
    assert sum(len(captured(booking)) for booking in bookings) == 1


def test_many_partial_refunds_never_exceed_what_was_captured(ada, ben, booking):
    payment = paid(ben, booking)
    settle()
    answers = at_once([lambda: refunds(ada, payment, amount=900)] * 12)
    assert codes(answers) == {201: 5, "amount_too_high": 7}
    assert captured(booking) == [(5000, 4500)]
    settle()
    check_money()


def test_one_refund_key_sent_many_times_refunds_once(ada, ben, booking):
    payment = paid(ben, booking)
    key = {"Idempotency-Key": "r"}
    answers = at_once([lambda: refunds(ada, payment, amount=900, headers=key)] * 12)
    assert all(each == answers[0] for each in answers)
    assert captured(booking) == [(5000, 900)]


@pytest.mark.parametrize("turn", range(5))
def test_a_refund_racing_a_cancellation_refunds_once(ada, ben, booking, turn):
    payment = paid(ben, booking)
    settle()

    def background():
        while outbox.relay() or handover.deliver(timezone.now()):
            refund.send_due(timezone.now())
        return 204, {}

    cancel = f"/bookings/{booking['bookingId']}"
    at_once([lambda: refunds(ada, payment), lambda: ben.delete(cancel), background, background])
    settle()
    settle(timezone.now() + timedelta(minutes=1))
    assert captured(booking) == [(5000, 5000)]
    assert status_of(booking) == "cancelled"
    check_money()
    check_invariants()


@pytest.mark.parametrize("turn", range(5))
def test_a_payment_racing_the_end_of_its_hold_ends_as_a_ticket(ada, ben, turn):
    booking = ben.books(ada.lists(capacity=2), 2)
    paid(ben, booking)
    later = timezone.now() + timedelta(hours=1)
    at_once([settle, lambda: ending.expire(later)])
    settle()
    assert status_of(booking) == "confirmed"
    assert captured(booking) == [(5000, 0)]
    check_money()
    check_invariants()


def test_one_key_for_a_full_refund_is_answered_alike_however_often(ada, ben, booking):
    payment, key = paid(ben, booking), {"Idempotency-Key": "r"}
    assert codes(at_once([lambda: refunds(ada, payment, headers=key)] * 12)) == {201: 12}


def test_one_key_for_refunds_of_many_payments_refunds_one(ada, ben):
    event, key = ada.lists(), {"Idempotency-Key": "r"}
    payments = [paid(ben, ben.books(event)) for _ in range(5)]
    answers = at_once([lambda p=payment: refunds(ada, p, headers=key) for payment in payments])
    assert codes(answers) == {201: 1, "idempotency_key_reused": 4}


class Aside(threading.Thread):
    """Something in a transaction of its own, that has to wait."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def run(self):
        try:
            with transaction.atomic():
                self.act()
        finally:
            connection.close()

    def waits(self):
        self.start()
        self.join(0.3)
        return self.is_alive()


def test_a_cancellation_waits_for_a_payment_that_is_being_captured(ben, booking):
    _, payment = pays(ben, booking, AUTHENTICATES)
    now = timezone.now()
    heard = Aside(lambda: refund.give_back_of_booking(UUID(booking["bookingId"]), "person", now))
    with transaction.atomic():
        row = Payment.objects.lock(payment["paymentId"])
        assert heard.waits()
        row.status = "succeeded"
        row.save()
    heard.join()
    assert Payment.objects.get().status == "succeeded"
    assert Refund.objects.get().amount == 5000


def test_a_late_payment_waits_for_the_news_of_a_cancellation(ben, booking):
    lapse(booking)
    ids = (UUID(booking[name]) for name in ("bookingId", "eventId", "userId"))
    late = paying.Paid(new_id(), *ids, timezone.now())
    heard = Aside(lambda: paying.paid(late, timezone.now()))
    with transaction.atomic():
        EventStock.objects.lock(late.event_id)
        assert heard.waits()
        Event.objects.update(status="cancelled")
    heard.join()
    assert status_of(booking) == "cancelled"


def test_what_another_claims_is_passed_over(ada, ben, booking):
    payment = paid(ben, booking)
    for _ in range(2):
        refunds(ada, payment, amount=100)
    now = timezone.now()
    Refund.objects.update(next_at=now)
    with transaction.atomic():
        first = Refund.objects.select_for_update().first()
        (found,) = at_once([lambda: Refund.objects.claim(now, 9, timedelta(seconds=20))])
    assert len(found) == 1
    assert found[0].pk != first.pk


def test_of_many_who_pay_too_late_as_many_get_a_ticket_as_there_are_places(ada, cy):
    event = ada.lists(capacity=6)
    people = [Actor() for _ in range(6)]
    bookings = [person.books(event) for person in people]
    waiting = [pays(person, b, AUTHENTICATES)[1] for person, b in zip(people, bookings, strict=True)]
    for booking in bookings:
        lapse(booking)
    cy.books(event, 4)
    at_once([lambda p=payment: answer(p, "confirm") for payment in waiting])

    def deliver():
        while handover.deliver(timezone.now()):
            pass

    outbox.relay()
    at_once([deliver] * 4)
    settle()
    assert Counter(map(status_of, bookings)) == {"confirmed": 2, "cancelled": 4}
    assert Counter(captured(b)[0] for b in bookings) == {(2500, 0): 2, (2500, 2500): 4}
    check_money()
    check_invariants()


def test_of_many_who_pay_in_time_all_get_their_tickets_together(ada, monkeypatch):
    event, people = ada.lists(capacity=12), [Actor() for _ in range(12)]
    bookings = [person.books(event) for person in people]
    for person, booking in zip(people, bookings, strict=True):
        request = {"X-Request-ID": f"of-{booking['bookingId']}"}
        assert pays(person, booking, VISA, **request)[0] == 201
    monkeypatch.setattr(paying, "paid", lambda *_: pytest.fail("one was confirmed by itself"))
    outbox.relay()
    while handover.deliver(timezone.now()):
        pass
    told = Outbox.objects.filter(type="booking.confirmed.v1").values_list("key", "request_id")
    assert {*told} == {(UUID(b["bookingId"]), f"of-{b['bookingId']}") for b in bookings}
    settle()
    assert [status_of(booking) for booking in bookings] == ["confirmed"] * 12
    check_money()
    check_invariants()


def test_several_lookers_say_an_outcome_once(ben, booking):
    pays(ben, booking, LOST)
    now = timezone.now()
    at_once([lambda: story.look_due(now)] * 6)
    story.look_due(now + timedelta(minutes=1))
    assert Outbox.objects.filter(type="payment.succeeded.v1").count() == 1


def test_several_senders_send_a_refund_once(ben, booking):
    paid(ben, booking)
    settle()
    ben.delete(f"/bookings/{booking['bookingId']}")
    while outbox.relay() or handover.deliver(timezone.now()):
        pass
    Refund.objects.update(next_at=timezone.now())
    at_once([lambda: [refund.send(each, timezone.now()) for each in Refund.objects.all()]] * 6)
    assert Outbox.objects.filter(type="refund.succeeded.v1").count() == 1
    assert captured(booking) == [(5000, 5000)]
    assert Payment.objects.get().refunded == 5000
