"""What the fast door of payments must do beyond answering as the ordinary one does (test_pay.py)."""

import json
from collections import Counter
from uuid import UUID

import pytest
from django.db import DatabaseError
from django.utils import timezone

from frontrow.chassis.models import Outbox
from frontrow.chassis.refusals import Unavailable
from frontrow.chassis.tests.fast import Fast
from frontrow.services.bookings.models import Booking
from frontrow.services.payments import clients, together
from frontrow.services.payments.door import PaymentsDoor
from frontrow.services.payments.models import Payment
from frontrow.services.payments.payment import Wanted
from frontrow.services.payments.providers import PROVIDER
from tests.cast import Actor, at_once, settle

from .stage import DECLINED, VISA, captured, check_money, pays

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 12


@pytest.fixture
def fast():
    with Fast(PaymentsDoor()) as one:
        yield one


@pytest.fixture
def sale(ada):
    """Many people's holds."""
    event, people = ada.lists(capacity=MANY + 1), [Actor() for _ in range(MANY)]
    return [(one, one.books(event)) for one in people]


@pytest.fixture
def slowly(monkeypatch):
    """Groups that gather many: bookings answers about the first only once all wait."""
    sizes, ask = [], clients.dues

    def dues(owners):
        sizes.append(len(owners))
        return ask(owners)

    monkeypatch.setattr(clients, "dues", dues)
    return sizes


def test_who_pays_at_once_pays_together_and_each_once(fast, sale, slowly):
    answers = at_once([lambda one=one, hold=hold: pays(one, hold) for one, hold in sale])
    assert Counter((status, body["status"]) for status, body in answers) == {(201, "succeeded"): MANY}
    assert sum(slowly) == MANY
    assert all(captured(hold) == [(2500, 0)] for _, hold in sale)
    settle()
    assert {b.status for b in Booking.objects.all()} == {"confirmed"}
    check_money()


def test_each_has_their_own_payment_and_their_own_answer(fast, sale):
    answers = at_once([lambda one=one, hold=hold: pays(one, hold) for one, hold in sale])
    for (one, hold), (_, body) in zip(sale, answers, strict=True):
        assert (body["userId"], body["bookingId"]) == (str(one.user_id), hold["bookingId"])
        assert one.get(f"/payments/{body['paymentId']}")[1]["status"] == "succeeded"


def test_among_many_a_declined_card_and_a_stranger_are_refused_alone(fast, sale, cy):
    (first, hold), (second, other), *rest = sale
    acts = [lambda: pays(first, hold, DECLINED), lambda: pays(cy, other)]
    acts += [lambda one=one, hold=hold: pays(one, hold) for one, hold in [(second, other), *rest]]
    declined, strange, *paid = at_once(acts)
    assert (declined[0], declined[1]["code"]) == (402, "payment_declined")
    assert (strange[0], strange[1]["code"]) == (404, "not_found")
    assert {(status, body["status"]) for status, body in paid} == {(201, "succeeded")}
    assert captured(hold) == []
    settle()
    check_money()


def test_the_same_key_again_is_the_same_payment(fast, sale):
    (one, hold), *_ = sale
    first, again = [pays(one, hold, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert first == again
    assert first[0] == 201
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("fault", [DatabaseError, Unavailable])
def test_a_provider_that_fails_many_is_asked_for_each(fast, sale, monkeypatch, fault, caplog):
    def broken(orders):
        raise fault

    monkeypatch.setattr(PROVIDER, "charge_some", broken)
    answers = at_once([lambda one=one, hold=hold: pays(one, hold) for one, hold in sale])
    assert {(status, body["status"]) for status, body in answers} == {(201, "succeeded")}
    assert all(captured(hold) == [(2500, 0)] for _, hold in sale)


def test_an_answer_that_is_lost_among_many_charges_nobody_twice(fast, sale, monkeypatch):
    """The provider has charged; what it said never arrives."""
    charge = PROVIDER.charge_some

    def lost(orders):
        charge(orders)
        raise ConnectionError

    monkeypatch.setattr(PROVIDER, "charge_some", lost)
    answers = at_once([lambda one=one, hold=hold: pays(one, hold) for one, hold in sale])
    assert {(status, body["status"]) for status, body in answers} == {(201, "succeeded")}
    assert all(captured(hold) == [(2500, 0)] for _, hold in sale)
    settle()
    check_money()


def test_a_booking_that_is_given_back_between_charge_and_answer_is_refunded(fast, sale, monkeypatch):
    (one, hold), *_ = sale
    charge = PROVIDER.charge_some

    def meanwhile(orders):
        outcomes = charge(orders)
        assert one.delete(f"/bookings/{hold['bookingId']}")[0] == 200
        settle()
        return outcomes

    monkeypatch.setattr(PROVIDER, "charge_some", meanwhile)
    pays(one, hold)
    settle()
    assert captured(hold) == [(2500, 2500)]
    check_money()


def test_one_that_nobody_wants_any_more_is_refunded_and_never_said_to_be_paid(fast, sale, monkeypatch):
    """The cancellation is heard while the provider charges."""
    (one, hold), *_ = sale
    charge = PROVIDER.charge_some

    def meanwhile(orders):
        Payment.objects.update(unwanted="person")
        return charge(orders)

    monkeypatch.setattr(PROVIDER, "charge_some", meanwhile)
    pays(one, hold)
    assert not Outbox.objects.filter(type="payment.succeeded.v1").exists()
    one.delete(f"/bookings/{hold['bookingId']}")
    settle()
    assert captured(hold) == [(2500, 2500)]


def test_one_whose_key_is_taken_leaves_the_others_together(fast, sale, monkeypatch):
    (one, hold), *rest = sale
    assert pays(one, hold, **{"Idempotency-Key": "k"})[0] == 201
    charged, charge = [], PROVIDER.charge_some

    def counting(orders):
        charged.extend(orders)
        return charge(orders)

    monkeypatch.setattr(PROVIDER, "charge_some", counting)
    wants = [Wanted(each.user_id, UUID(its["bookingId"]), VISA, None, "f") for each, its in rest]
    second = one.books(one.get(f"/events/{hold['eventId']}")[1])
    wants.append(Wanted(one.user_id, UUID(second["bookingId"]), VISA, "k", "f"))
    answers = together.pay(wants, timezone.now())
    assert [answer and answer.status for answer in answers] == ["succeeded"] * len(rest) + [None]
    assert len(charged) == len(rest)


def test_while_bookings_is_away_nothing_is_begun(fast, sale, monkeypatch):
    def away(owners):
        raise Unavailable

    monkeypatch.setattr(clients, "dues", away)
    (one, hold), *_ = sale
    status, body = pays(one, hold)
    assert (status, body["code"]) == (503, "unavailable")
    assert not Payment.objects.exists()


def test_a_fault_before_anything_is_begun_is_met_by_each_alone(fast, sale, monkeypatch):
    def broken(*_):
        raise DatabaseError

    monkeypatch.setattr(together, "_begin", broken)
    answers = at_once([lambda one=one, hold=hold: pays(one, hold, VISA) for one, hold in sale])
    assert {(status, body["status"]) for status, body in answers} == {(201, "succeeded")}


def test_each_message_names_the_request_that_it_came_from(fast, sale):
    (one, hold), *_ = sale
    pays(one, hold, **{"X-Request-ID": "from-the-test-1"})
    (said,) = Outbox.objects.filter(type="payment.succeeded.v1")
    assert said.request_id == "from-the-test-1"
    assert json.loads(json.dumps(said.data))["bookingId"] == hold["bookingId"]
