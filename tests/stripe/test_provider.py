"""What Stripe answers, in our words; declines and what is not chargeable; its books beside ours."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from frontrow.chassis.ids import new_id
from frontrow.services.payments import reconciling, rules, stripe_terms
from frontrow.services.payments import stripe as by_stripe
from frontrow.services.payments.models import Finding
from frontrow.services.payments.provider import Order
from tests.cast import settle
from tests.money.stage import AUTHENTICATES, DECLINED, VISA, paid, pays, refunds, status_of

LATER = timedelta(hours=2)


@pytest.fixture
def order():
    return Order(str(new_id()), 2500, "EUR", VISA, timezone.now())


class TestAnOrder:
    def test_is_charged_once_however_often_it_is_given(self, stripe, simulator, order):
        names = []
        first, second = stripe.charge(order, names.append), stripe.charge(order, names.append)
        assert (first.status, first) == ("succeeded", second)
        assert names == [first.reference] * 2
        assert simulator.ledger()[order.key] == (2500, 0)

    def test_is_not_confirmed_before_its_reference_is_kept(self, stripe, simulator, order):
        def lost(reference):
            raise RuntimeError(reference)

        with pytest.raises(RuntimeError, match="pi_"):
            stripe.charge(order, lost)
        assert order.key not in simulator.ledger()

    @pytest.mark.parametrize(("method", "code"), [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
    ])  # fmt: skip
    def test_that_is_declined_can_never_be_paid_later(self, stripe, simulator, order, method, code):
        outcome = stripe.charge(replace(order, method=method), print)
        assert (outcome.status, outcome.code) == ("failed", code)
        assert outcome.reason in stripe_terms.REASONS.values()
        assert simulator.get(f"/v1/payment_intents/{outcome.reference}").json()["status"] == "canceled"

    @pytest.mark.parametrize(("passed", "status", "code"), [(True, "succeeded", ""),
                                                            (False, "failed", "authentication_failed")])  # fmt: skip
    def test_is_found_after_its_bank_asked(self, stripe, simulator, order, passed, status, code):
        waiting = stripe.charge(replace(order, method=AUTHENTICATES), print)
        assert waiting.action_url.startswith(f"/stripe/{order.key}:")
        known = replace(order, reference=waiting.reference)
        assert stripe.find(known).status == "requires_action"
        assert stripe.client_secret(waiting.reference)
        simulator.tell("/_authenticate", intent=waiting.reference, passed=passed)
        outcome = stripe.find(known)
        assert (outcome.status, outcome.code) == (status, code)
        assert stripe.client_secret(waiting.reference) == ""
        assert (order.key in simulator.ledger()) is passed

    def test_that_is_not_known_is_not_found(self, stripe, order):
        assert stripe.find(order) is None

    def test_that_was_cancelled_before_it_came_is_not_charged(self, stripe, simulator, order):
        assert stripe.cancel(order, order.at).code == "cancelled"
        assert stripe.charge(order, print).code == "cancelled"
        assert order.key not in simulator.ledger()

    def test_that_is_charged_is_not_cancelled(self, stripe, order):
        reference = stripe.charge(order, print).reference
        assert stripe.cancel(replace(order, reference=reference), order.at).status == "succeeded"
        assert stripe.cancel(order, order.at).status == "succeeded"

    def test_of_an_unknown_card_fails(self, stripe, order):
        assert stripe.charge(replace(order, method="pm_gone"), print).code == "payment_method_unknown"

    @pytest.mark.parametrize(("currency", "amount", "theirs"), [
        ("JPY", 500, 500), ("ISK", 500, 50000), ("UGX", 1, 100), ("MGA", 500, 5), ("KWD", 1230, 1230),
    ])  # fmt: skip
    def test_is_of_the_amount_that_was_meant(self, stripe, simulator, order, currency, amount, theirs):
        outcome = stripe.charge(replace(order, currency=currency, amount=amount), print)
        assert simulator.get(f"/v1/payment_intents/{outcome.reference}").json()["amount"] == theirs
        entry = stripe.entries([order])[order.key]
        assert (entry.captured, entry.currency) == (amount, currency)

    def test_of_less_than_its_currency_has_is_not_charged(self, stripe, simulator, order):
        outcome = stripe.charge(replace(order, currency="MGA", amount=550), print)
        assert (outcome.status, outcome.code) == ("failed", "amount_not_chargeable")
        assert order.key not in simulator.ledger()


class TestARefund:
    @pytest.fixture
    def charged(self, stripe, order):
        return replace(order, reference=stripe.charge(order, print).reference)

    def test_is_one_for_a_key(self, stripe, simulator, charged):
        references = {stripe.refund("r1", charged, 700, charged.at) for _ in range(3)}
        assert len(references) == 1
        assert simulator.ledger()[charged.key] == (2500, 700)

    def test_that_the_bank_sent_back_is_sent_again(self, stripe, simulator, charged):
        first = stripe.refund("r2", charged, 700, charged.at)
        simulator.tell("/_bounce", refund=first)
        assert simulator.ledger()[charged.key] == (2500, 0)
        assert stripe.refund("r2", charged, 700, charged.at) != first
        assert simulator.ledger()[charged.key] == (2500, 700)

    def test_of_what_is_gone_is_a_fault(self, stripe, charged):
        stripe.refund("r3", charged, 2500, charged.at)
        with pytest.raises(by_stripe.stripe.InvalidRequestError):
            stripe.refund("r4", charged, 1, charged.at)


def test_its_ledger_comes_in_pages(stripe, order, monkeypatch):
    monkeypatch.setattr(by_stripe, "PAGE", 2)
    keys = [str(new_id()) for _ in range(5)]
    for key in keys:
        stripe.charge(replace(order, key=key), print)
    pages = list(stripe.ledger(order.at - timedelta(minutes=1)))
    assert all(len(page) <= 2 for page in pages)
    assert {entry.key for page in pages for entry in page} >= set(keys)
    assert set(stripe.entries([replace(order, key=key) for key in keys[:3]])) == set(keys[:3])


@pytest.mark.django_db(transaction=True)
class TestOurBooks:
    def test_agree_with_stripes_and_differences_are_found(self, ada, ben, stripe, simulator):
        booking = ben.books(ada.lists(capacity=5), 2)
        pays(ben, booking, DECLINED)
        payment = paid(ben, booking)
        settle()
        refunds(ada, payment, amount=1000)
        settle()
        mine = [each for each in reconciling.reconcile(timezone.now() + LATER) if each.payment_id]
        assert mine == []
        simulator.tell("/_lose_charge", key=payment["paymentId"])
        reconciling.reconcile(timezone.now() + LATER)
        (found,) = Finding.objects.filter(payment_id=payment["paymentId"])
        assert (found.kind, found.state) == ("charge_missing", "open")
        simulator.tell("/_lose_charge", key=payment["paymentId"])  # it turns up again

    def test_a_card_that_is_none_is_refused_by_the_door(self, ada, ben, stripe):
        booking = ben.books(ada.lists())
        for method in ("tok_visa", "pm_", "pm_" + "x" * 91, "pm_a b", "4242424242424242"):
            status, problem = pays(ben, booking, method)
            assert (status, problem["code"]) == (422, "invalid_request")
        assert status_of(booking) == "held"

    def test_its_form_gets_the_public_key_and_nobody_the_others(self, ben, stripe):
        _, told = ben.get("/payments/methods")
        assert told == {"provider": "stripe", "publicKey": "pk_test_of_the_tests", "methods": []}
        assert "sk_test" not in repr(vars(stripe))

    def test_what_waits_at_the_bank_ends_in_time(self, ada, ben, stripe, simulator):
        booking = ben.books(ada.lists())
        _, payment = pays(ben, booking, AUTHENTICATES)
        settle(timezone.now() + rules.TO_AUTHENTICATE + LATER)
        assert ben.get(f"/payments/{payment['paymentId']}")[1]["failure"]["code"] == "not_authenticated"
