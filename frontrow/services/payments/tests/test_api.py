"""The door of payments: what it wants, and what it never tells."""

import pytest
from django.utils import timezone

from frontrow.chassis.ids import new_id
from frontrow.services.payments.models import Payment, SandboxCharge
from frontrow.services.payments.provider import Order, ProviderAway
from frontrow.services.payments.providers import PROVIDER
from frontrow.services.payments.sandbox import CARDS
from tests.cast import Actor

pytestmark = pytest.mark.django_db
PAYMENT = {"bookingId": "0198c5a0-0000-7000-8000-000000000020", "paymentMethod": "pm_card_visa"}
REFUND = {"paymentId": "0198c5a0-0000-7000-8000-000000000030"}

BAD_PAYMENTS = {
    "no booking": {"bookingId": None},
    "booking is no id": {"bookingId": "x"},
    "no card": {"paymentMethod": None},
    "unknown card": {"paymentMethod": "pm_card_gold"},
    "a card number": {"paymentMethod": "4242424242424242"},
    "empty card": {"paymentMethod": ""},
    "card is a number": {"paymentMethod": 1},
    "its own amount": {"amount": 1},
    "its own status": {"status": "succeeded"},
    "somebody else's name on it": {"userId": "0198c5a0-0000-7000-8000-000000000002"},
}
BAD_REFUNDS = {
    "no payment": {"paymentId": None},
    "payment is no id": {"paymentId": "x"},
    "nothing": {"amount": 0},
    "less than nothing": {"amount": -1},
    "more than there is in the world": {"amount": 10**30},
    "a part": {"amount": 1.5},
    "text for a number": {"amount": "1"},
    "truth for a number": {"amount": True},
    "a long reason": {"reason": "x" * 501},
    "its own cause": {"cause": "organizer"},
}


def without_nulls(body):
    return {name: value for name, value in body.items() if value is not None}


@pytest.mark.parametrize("changes", BAD_PAYMENTS.values(), ids=BAD_PAYMENTS.keys())
def test_a_bad_payment_is_refused(ben, changes):
    status, problem = ben.post("/payments", without_nulls({**PAYMENT, **changes}))
    assert (status, problem["code"]) == (422, "invalid_request")
    assert problem["errors"][0]["field"] in changes
    assert not Payment.objects.exists()


@pytest.mark.parametrize("changes", BAD_REFUNDS.values(), ids=BAD_REFUNDS.keys())
def test_a_bad_refund_is_refused(ada, changes):
    status, problem = ada.post("/refunds", without_nulls({**REFUND, **changes}))
    assert (status, problem["code"]) == (422, "invalid_request")
    assert problem["errors"][0]["field"] in changes


@pytest.mark.parametrize("path", ["/payments", "/refunds"])
@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256])
def test_a_bad_key_is_refused(ben, path, key):
    body = PAYMENT if path == "/payments" else REFUND
    status, problem = ben.post(path, body, **{"Idempotency-Key": key})
    assert (status, problem["code"]) == (400, "invalid_idempotency_key")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/payments", PAYMENT), ("GET", "/payments", None), ("POST", "/refunds", REFUND),
     ("GET", "/payments/0198c5a0-0000-7000-8000-000000000030", None)],
)  # fmt: skip
def test_nobody_gets_in_without_signing_in(nobody, method, path, body):
    status, problem = nobody.call(method, path, body)
    assert (status, problem["code"]) == (401, "not_signed_in")


def test_what_is_not_there_is_404(ben):
    assert ben.post("/payments", PAYMENT)[0] == 404
    assert ben.post("/refunds", REFUND)[0] == 404
    assert ben.get(f"/payments/{new_id()}")[0] == 404


@pytest.fixture
def payments(ada, ben, cy):
    """Three that Ben made for Ada's event, and one of Cy's for nobody we know."""
    now = timezone.now()
    common = {"event_id": new_id(), "amount": 100, "currency": "EUR", "status": "succeeded",
              "payment_date": now, "created_at": now}  # fmt: skip
    mine = [
        Payment.objects.create(
            booking_id=new_id(), user_id=ben.user_id, organizer_id=ada.user_id, **{**common, "amount": n}
        )
        for n in (100, 200, 300)
    ]
    theirs = Payment.objects.create(
        booking_id=new_id(), user_id=cy.user_id, organizer_id=new_id(), **{**common, "event_id": new_id()}
    )
    return [*mine, theirs]


def amounts(person, query=""):
    status, found = person.get(f"/payments{query}")
    assert status == 200
    return [item["amount"] for item in found["items"]]


def test_my_payments_are_what_i_paid_and_of_an_event_of_mine_what_was_paid_for_it(ada, ben, cy, payments):
    assert amounts(ben) == [300, 200, 100]
    assert (amounts(ada), amounts(cy)) == ([], [100])
    assert amounts(ada, f"?eventId={payments[0].event_id}") == [300, 200, 100]
    assert amounts(cy, f"?eventId={payments[0].event_id}") == []


def test_they_can_be_narrowed_and_come_in_pages(ada, ben, payments):
    assert amounts(ben, f"?bookingId={payments[1].booking_id}") == [200]
    assert amounts(ada, f"?bookingId={payments[1].booking_id}") == [200]
    assert amounts(ada, f"?eventId={payments[3].event_id}") == []
    assert amounts(ben, "?status=failed") == []
    _, first = ben.get("/payments?limit=2")
    assert amounts(ben, f"?limit=2&cursor={first['nextCursor']}") == [100]


def test_a_payment_is_shown_to_its_payer_and_its_organizer_alone(ada, ben, cy, payments):
    path = f"/payments/{payments[0].payment_id}"
    assert ben.get(path)[1] == ada.get(path)[1]
    assert ben.get(path)[1]["paymentId"] == str(payments[0].payment_id)
    assert cy.get(path)[0] == 404


def test_an_administrator_reads_no_more_than_others_here(payments):
    assert amounts(Actor(["admin"])) == []


def charged(paid, **facts):
    """What the sandbox knows of a payment: the path of its page."""
    SandboxCharge.objects.create(
        **{"reference": "sandbox_x", "key": str(paid.pk), "amount": 4500, "currency": "EUR", "at": timezone.now(),
           **facts}
    )  # fmt: skip
    return "/sandbox/sandbox_x"


def test_who_reads_the_log_cannot_confirm_a_payment(nobody, payments, lines):
    for path in (
        charged(payments[0], status="requires_action"),
        "/stripe/guessed:signature",
        "/sandbox/nobody",
    ):
        nobody.client.get(path)
    told = [line["path"] for line in lines() if line["event"] == "request"]
    assert told == ["/sandbox/-", "/stripe/-", "/sandbox/-"]


def test_the_banks_page_is_a_page_and_says_what_is_to_be_paid(nobody, payments):
    page = nobody.client.get(charged(payments[0], status="requires_action"))
    assert page.status_code == 200
    assert page["Content-Type"].startswith("text/html")
    assert "form-action 'self'" in page["Content-Security-Policy"]
    assert "€45" in page.content.decode()
    assert not page.cookies


@pytest.mark.parametrize(
    ("wanted", "spoken", "words"),
    [("de-AT, en", "de", "Zahlung bestätigen"), ("fr", "fr", "Confirmez ce paiement"), ("es", "es", "Confirma este pago"),
     ("nl", "en", "Confirm this payment"), ("", "en", "Confirm this payment")],
)  # fmt: skip
def test_the_banks_page_speaks_the_language_of_the_browser(nobody, payments, wanted, spoken, words):
    path = charged(payments[0], status="requires_action")
    page = nobody.client.get(path, headers={"Accept-Language": wanted})
    assert f'<html lang="{spoken}">' in page.content.decode()
    assert words in page.content.decode()
    assert (page["Content-Language"], page["Vary"]) == (spoken, "Accept-Language, Accept-Encoding")


def test_why_nothing_was_paid_is_said_in_that_language_too(nobody, payments):
    path = charged(payments[0], status="failed", code="authentication_failed")
    page = nobody.client.get(path, headers={"Accept-Language": "de"}).content.decode()
    assert "Ihre Bank hat die Zahlung nicht bestätigt. Sie können anders bezahlen." in page


def test_a_charge_that_was_never_made_has_a_page_too(nobody, payments):
    path = charged(payments[0], amount=0, status="failed", code="cancelled")
    assert "Nothing was paid" in nobody.client.get(path).content.decode()


@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_the_bank_leads_back_to_the_booking_once_it_is_done(nobody, payments, status):
    way = f'href="/my/bookings/{payments[0].booking_id}"'
    assert way in nobody.client.get(charged(payments[0], status=status)).content.decode()


@pytest.mark.parametrize("answer", ["confirm", "refuse"])
def test_who_answers_the_bank_is_led_to_the_booking(nobody, payments, answer):
    path = charged(payments[0], status="requires_action")
    led = nobody.client.post(path, {"answer": answer})
    assert (led.status_code, led["Location"]) == (302, f"/my/bookings/{payments[0].booking_id}")


def test_what_went_back_of_a_payment_is_told_to_both(ada, ben, payments):
    path = f"/payments/{payments[1].payment_id}"
    charged(payments[1], status="succeeded", method="pm_card_visa", reference=payments[1].reference)
    assert ben.get(path)[1]["refunds"] == []
    body = {"paymentId": str(payments[1].payment_id)}
    given = [ada.post("/refunds", {**body, "amount": 50, "reason": "Rain"}), ada.post("/refunds", body)]
    assert [status for status, _ in given] == [201, 201]
    payment = ben.get(path)[1]
    assert payment["refunds"] == [
        {"refundId": body["refundId"], "amount": amount, "status": "succeeded", "cause": "organizer",
         "reason": reason, "createdAt": body["createdAt"]}
        for (_, body), amount, reason in zip(given, (50, 150), ("Rain", ""), strict=True)
    ]  # fmt: skip
    assert ada.get(path)[1] == payment


def test_anybody_sees_what_to_pay_with(nobody):
    status, found = nobody.get("/payments/methods")
    assert (status, found["provider"]) == (200, "sandbox")
    assert found["methods"][0] == {
        "paymentMethod": "pm_card_visa", "brand": "visa", "lastDigits": "4242", "meaning": "pays"
    }  # fmt: skip
    assert [each["paymentMethod"] for each in found["methods"]] == list(CARDS)
    looks = {(each["brand"], each["lastDigits"]) for each in found["methods"]}
    assert len(looks) == len(CARDS)


def test_what_to_pay_with_may_be_kept_for_a_moment_and_nothing_else(nobody, ben):
    assert nobody.client.get("/payments/methods")["Cache-Control"] == "public, max-age=60"
    mine = ben.client.get("/payments", headers={"Authorization": f"Bearer {ben.token}"})
    assert mine["Cache-Control"] == "no-store"


MEANINGS = {
    "pays": "succeeded",
    "slow": "succeeded",
    "refund_answer_lost": "succeeded",
    "authentication": "requires_action",
    "declined": "card_declined",
    "insufficient_funds": "insufficient_funds",
    "expired_card": "expired_card",
    "answer_lost": "away",
    "no_answer": "away",
}


@pytest.mark.parametrize("method", PROVIDER.methods(), ids=lambda method: method.payment_method)
def test_a_card_does_what_it_means(method, monkeypatch):
    monkeypatch.setattr("frontrow.services.payments.sandbox.SLOW_SECONDS", 0.01)
    order = Order(str(new_id()), 100, "EUR", method.payment_method, timezone.now())
    try:
        outcome = PROVIDER.charge(order, print)
        became = outcome.code or outcome.status
    except ProviderAway:
        became = "away"
    assert became == MEANINGS[method.meaning]
