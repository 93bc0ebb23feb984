"""However late, often, or out of turn money is told of, it ends as one ticket or one whole refund (I6, I7).

The last word is always the provider's ledger, which is in another process.
"""

import json
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from frontrow.services.payments import notices, rules
from frontrow.services.payments import payment as story
from frontrow.services.payments.models import Payment, ProviderNotice
from frontrow.services.payments.sandbox import SANDBOX
from tests.cast import at_once, settle
from tests.money.stage import AUTHENTICATES, lapse, paid, pays, refunds, status_of
from tests.stripe.callbacks import signature as signed
from tests.stripe.running import SECRET

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(minutes=10)


@pytest.fixture
def event(ada, stripe):
    return ada.lists(capacity=2)


@pytest.fixture
def booking(ben, event):
    return ben.books(event, 2)


def tell(notice):
    """Have Stripe call, and whatever follows happen."""
    body, signature = notice
    answer = Client().post(
        "/webhooks/stripe", body, "application/json", headers={"Stripe-Signature": signature}
    )
    assert answer.status_code == 204
    settle()


def signature(body):
    return signed(body, SECRET, int(timezone.now().timestamp()))


def kept(simulator, booking):
    """What the provider took for a booking and gave back, charge by charge."""
    ours = {
        str(key)
        for key in Payment.objects.filter(booking_id=booking["bookingId"]).values_list("pk", flat=True)
    }
    return [sums for key, sums in simulator.ledger().items() if key in ours]


def confirms_at_bank(simulator, payment):
    """The person confirms, and we hear nothing of it."""
    reference = Payment.objects.get(pk=payment["paymentId"]).reference
    simulator.tell("/_authenticate", intent=reference, passed=True)


class TestTheHoldEndedMeanwhile:
    @pytest.fixture
    def waiting(self, ben, booking, simulator, inbox):
        """A payment that was confirmed at the bank after the hold had ended."""
        status, payment = pays(ben, booking, AUTHENTICATES)
        assert (status, payment["status"]) == (201, "requires_action")
        lapse(booking)
        confirms_at_bank(simulator, payment)
        return payment

    def test_with_stock_left_it_is_a_ticket(self, booking, waiting, simulator, inbox):
        tell(inbox.of("payment_intent.succeeded"))
        assert (status_of(booking), kept(simulator, booking)) == ("confirmed", [(5000, 0)])

    def test_sold_out_it_goes_back(self, cy, event, booking, waiting, simulator, inbox):
        cy.books(event, 2)
        tell(inbox.of("payment_intent.succeeded"))
        assert (status_of(booking), kept(simulator, booking)) == ("cancelled", [(5000, 5000)])

    @pytest.mark.parametrize("sold_out", [False, True])
    def test_told_three_times_it_is_the_same(self, cy, event, booking, waiting, simulator, inbox, sold_out):
        if sold_out:
            cy.books(event, 2)
        for _ in range(3):
            tell(inbox.of("payment_intent.succeeded"))
        assert ProviderNotice.objects.filter(kind="payment_intent.succeeded", next_at=None).count() == 1
        expected = ("cancelled", [(5000, 5000)]) if sold_out else ("confirmed", [(5000, 0)])
        assert (status_of(booking), kept(simulator, booking)) == expected

    def test_never_told_we_ask(self, booking, waiting, simulator):
        settle(timezone.now() + LATER)
        assert (status_of(booking), kept(simulator, booking)) == ("confirmed", [(5000, 0)])


class TestTheOrderOfNews:
    def test_a_notice_before_the_answer(self, ben, booking, simulator, inbox, stripe, monkeypatch):
        confirm = stripe._confirmed

        def overtaken(order):
            outcome = confirm(order)
            tell(inbox.of("payment_intent.succeeded"))
            assert Payment.objects.get(pk=order.key).status == "succeeded"
            return outcome

        monkeypatch.setattr(stripe, "_confirmed", overtaken)
        payment = paid(ben, booking)
        settle()
        assert (status_of(booking), kept(simulator, booking)) == ("confirmed", [(5000, 0)])
        assert Payment.objects.get().version == 2, "settled twice"
        assert payment["status"] == "succeeded"

    def test_news_of_the_beginning_after_that_of_the_end(self, ben, booking, simulator, inbox):
        _, payment = pays(ben, booking, AUTHENTICATES)
        confirms_at_bank(simulator, payment)
        last, first = inbox.of("payment_intent.succeeded"), inbox.of("payment_intent.requires_action")
        for notice in (last, first, last):
            tell(notice)
        assert (status_of(booking), kept(simulator, booking)) == ("confirmed", [(5000, 0)])

    def test_a_notice_of_a_payment_that_we_gave_up(self, ben, booking, simulator, inbox):
        pays(ben, booking, AUTHENTICATES)
        settle(timezone.now() + rules.TO_AUTHENTICATE + LATER)
        assert Payment.objects.get().failure_code == "not_authenticated"
        tell(inbox.of("payment_intent.canceled"))
        assert kept(simulator, booking) == []
        assert simulator.post("/_authenticate", json={"intent": Payment.objects.get().reference, "passed": True}
                              ).status_code == 400  # fmt: skip

    def test_a_notice_that_cannot_be_looked_into_waits(
        self, ben, booking, inbox, stripe, simulator, monkeypatch
    ):
        _, payment = pays(ben, booking, AUTHENTICATES)
        confirms_at_bank(simulator, payment)
        monkeypatch.setattr(stripe, "find", lambda order: 1 / 0)
        tell(inbox.of("payment_intent.succeeded"))
        assert ProviderNotice.objects.get(kind="payment_intent.succeeded").next_at is not None
        monkeypatch.undo()


class TestRefunds:
    def test_a_refund_racing_a_cancellation_is_one(self, ada, ben, booking, simulator):
        payment = paid(ben, booking)
        settle()
        at_once([partial(refunds, ada, payment), partial(ben.delete, f"/bookings/{booking['bookingId']}")])
        settle()
        settle(timezone.now() + LATER)
        assert (status_of(booking), kept(simulator, booking)) == ("cancelled", [(5000, 5000)])

    def test_refused_for_a_while_it_is_sent_until_it_is_taken(self, ada, ben, booking, simulator):
        payment = paid(ben, booking)
        settle()
        simulator.tell("/_behave", refunds_refused=True)
        assert refunds(ada, payment)[1]["status"] == "pending"
        settle(timezone.now() + LATER)
        assert kept(simulator, booking) == [(5000, 0)]
        simulator.tell("/_behave", refunds_refused=False)
        settle(timezone.now() + 2 * LATER)
        assert (status_of(booking), kept(simulator, booking)) == ("cancelled", [(5000, 5000)])

    def test_whose_answer_was_lost_is_not_sent_twice(self, ada, ben, booking, simulator):
        payment = paid(ben, booking)
        simulator.tell("/_behave", answers_lost=1)
        assert refunds(ada, payment, amount=1000)[1]["status"] == "pending"
        simulator.tell("/_behave", answers_lost=0)
        settle(timezone.now() + LATER)
        assert kept(simulator, booking) == [(5000, 1000)]
        assert ada.get(f"/payments/{payment['paymentId']}")[1]["refundedAmount"] == 1000


class TestNoAnswer:
    @pytest.mark.parametrize("told", [True, False])
    def test_charged_without_an_answer_it_is_a_ticket_all_the_same(
        self, ben, booking, simulator, inbox, stripe, monkeypatch, told
    ):
        """By the notice at once, or by asking after a while."""
        create = stripe._made

        def then_deaf(order):
            made = create(order)
            simulator.tell("/_behave", answers_lost=1)
            return made

        monkeypatch.setattr(stripe, "_made", then_deaf)
        status, payment = pays(ben, booking)
        assert (status, payment["status"]) == (202, "processing")
        simulator.tell("/_behave", answers_lost=0)
        if told:
            tell(inbox.of("payment_intent.succeeded"))
        else:
            settle(timezone.now() + LATER)
        assert (status_of(booking), kept(simulator, booking)) == ("confirmed", [(5000, 0)])

    def test_made_without_an_answer_it_is_never_charged(self, ben, booking, simulator):
        simulator.tell("/_behave", answers_lost=1)
        assert pays(ben, booking)[0] == 202
        simulator.tell("/_behave", answers_lost=0)
        settle(timezone.now() + LATER)
        assert Payment.objects.get().failure_code == "no_answer"
        assert kept(simulator, booking) == []
        paid(ben, booking)
        assert kept(simulator, booking) == [(5000, 0)]

    def test_one_that_failed_by_its_own_fault_is_given_up(self, ben, booking, simulator):
        """It tells the same fault again and again, whoever asks by the same key."""
        simulator.tell("/_behave", broken=True)
        assert pays(ben, booking)[0] == 202
        simulator.tell("/_behave", broken=False)
        settle(timezone.now() + LATER)
        assert Payment.objects.get().failure_code == "no_answer"
        paid(ben, booking)
        assert kept(simulator, booking) == [(5000, 0)]

    def test_given_up_before_it_is_confirmed_it_is_never_charged(
        self, ben, booking, simulator, stripe, monkeypatch
    ):
        create = stripe._made

        def slow(order):
            made = create(order)
            if made.reference and Payment.objects.get(pk=order.key).status == "processing" and not seen:
                seen.append(order)
                story.look(Payment.objects.get(pk=order.key), timezone.now())
            return made

        seen = []
        monkeypatch.setattr(stripe, "_made", slow)
        assert pays(ben, booking)[0] == 202
        assert Payment.objects.get().failure_code == "no_answer"
        assert kept(simulator, booking) == []


class TestNotices:
    @pytest.fixture
    def notice(self, ben, booking, inbox):
        paid(ben, booking)
        return inbox.of("payment_intent.succeeded")

    def post(self, body, signature):
        return Client().post(
            "/webhooks/stripe", body, "application/json", headers={"Stripe-Signature": signature}
        )

    def forged(self, body, signature):
        answer = self.post(body, signature)
        assert (answer.status_code, answer.json()["code"]) == (400, "forged")
        assert not ProviderNotice.objects.exists()

    def test_a_changed_one_is_refused(self, notice):
        body, signature = notice
        self.forged(body.replace("succeeded", "canceled"), signature)

    @pytest.mark.parametrize("signature", ["", "t=1", "v1=00", "t=x,v1=y", "t=1,v1=" + "0" * 64])
    def test_one_without_a_right_signature_is_refused(self, notice, signature):
        self.forged(notice[0], signature)

    def test_an_old_one_is_refused(self, notice):
        old = int(timezone.now().timestamp()) - 301
        self.forged(notice[0], signed(notice[0], SECRET, old))
        self.forged(notice[0], signed(notice[0], SECRET, old + 700))
        assert self.post(notice[0], signed(notice[0], SECRET, old + 60)).status_code == 204

    @pytest.mark.parametrize(
        "body", ["", "{}", "[]", '{"id": "evt_1", "type": "payment_intent.succeeded"}', "\x00"]
    )
    def test_one_that_says_nothing_is_refused(self, stripe, body):
        self.forged(body, signature(body))

    def test_it_is_kept_before_anything_is_done(self, notice, stripe, monkeypatch):
        monkeypatch.setattr(stripe, "find", lambda order: 1 / 0)
        assert self.post(*notice).status_code == 204
        assert ProviderNotice.objects.get().next_at is not None

    def test_one_of_no_use_is_taken_and_let_go(self, stripe):
        body = json.dumps({"id": "evt_x", "type": "customer.created", "data": {"object": {}}})
        assert self.post(body, signature(body)).status_code == 204
        assert not ProviderNotice.objects.exists()

    def test_it_is_forgotten_when_it_is_old_and_was_looked_into(self, notice):
        tell(notice)
        now = timezone.now()
        assert notices.forget_old(now + notices.KEPT - timedelta(days=1)) == 0
        assert notices.forget_old(now + notices.KEPT + timedelta(days=1)) == 1

    def test_a_dispute_is_noted_until_it_is_over(self, ada, ben, booking, notice, stripe, simulator):
        reference = Payment.objects.get().reference
        dispute = {"id": "dp_1", "payment_intent": reference, "amount": 5000, "currency": "eur",
                   "reason": "fraudulent", "status": "needs_response"}  # fmt: skip
        for number, (kind, state) in enumerate([("created", "open"), ("closed", "gone")]):
            facts = {"id": f"evt_d{number}", "type": f"charge.dispute.{kind}", "data": {"object": dispute}}
            body = json.dumps(facts)
            tell((body, signature(body)))
            found = ada.get("/payments/findings")[1]["items"]
            assert [(each["kind"], each["state"]) for each in found] == [("disputed", state)]
            assert "€50.00" in found[0]["details"]

    def test_the_sandbox_tells_nothing(self, notice, monkeypatch):
        monkeypatch.setattr("frontrow.services.payments.notices.PROVIDER", SANDBOX)
        self.forged(*notice)


def test_a_charge_of_a_stranger_is_nothing_to_us(stripe, simulator):
    made = simulator.post(
        "/v1/payment_intents", data={"amount": 5, "currency": "eur", "payment_method": "pm_card_visa"}
    )
    simulator.post(f"/v1/payment_intents/{made.json()['id']}/confirm")
    assert all(UUID(entry.key) for page in stripe.ledger(timezone.now() - LATER) for entry in page)
