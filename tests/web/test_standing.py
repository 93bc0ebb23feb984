"""How a booking stands: decided from facts alone."""

from datetime import UTC, datetime, timedelta

import pytest

from frontrow.web.choice import Choice
from frontrow.web.standing import Money, declined, failed, standing

NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)
LATER, BEFORE = NOW + timedelta(minutes=5), NOW - timedelta(minutes=5)
EVENT = {"endDate": LATER}
A, B = "019a0000-0000-7000-8000-000000000001", "019a0000-0000-7000-8000-000000000002"


def booking(status="held", expires=LATER):
    return {"status": status, "expiresAt": expires}


def payment(status, amount=2500, back=0, code=""):
    failure = {"code": code, "reason": "…"} if code else None
    return {"status": status, "amount": amount, "refundedAmount": back, "failure": failure}


@pytest.mark.parametrize(("found", "payments", "wanted"), [
    (booking(), [], "held"),
    (booking(), [payment("failed")], "held"),
    (booking(), [payment("processing")], "paying"),
    (booking(), [payment("succeeded")], "paying"),
    (booking(), [payment("requires_action")], "at_bank"),
    (booking(expires=BEFORE), [], "lapsed"),
    (booking(expires=BEFORE), [payment("processing")], "paying"),
    (booking(expires=BEFORE), [payment("requires_action")], "lapsed"),
    (booking("expired", None), [payment("failed")], "lapsed"),
    (booking("expired", None), [payment("succeeded")], "paying"),
    (booking("confirmed", None), [payment("succeeded")], "ticket"),
    (booking("cancelled", None), [payment("succeeded")], "cancelled"),
])  # fmt: skip
def test_each_state(found, payments, wanted):
    assert standing(found, payments, EVENT, NOW) == wanted


def test_a_ticket_is_a_memory_when_its_event_is_over():
    assert standing(booking("confirmed"), [], {"endDate": NOW}, NOW) == "over"
    assert standing(booking("confirmed"), [], None, NOW) == "ticket"


def test_money_counts_what_was_captured_only():
    payments = [payment("succeeded", 2500, 500), payment("failed"), payment("refunded", 900, 900)]
    assert (Money.of(payments).paid, Money.of(payments).back, Money.of(payments).rest) == (3400, 1400, 2000)


def test_failures_are_counted_and_the_last_is_told():
    payments = [payment("failed", code="expired_card"), payment("failed", code="card_declined")]
    assert failed(payments) == 2
    assert declined(payments)["code"] == "expired_card"
    assert declined([payment("processing"), *payments]) is None
    assert declined([]) is None


def test_a_choice_is_read_from_any_fields():
    fields = {A: "2", "seen": "x", B.upper(): "1", "note": "3", "019a": "4"}
    assert Choice.of(fields).items == ((A, 2), (B, 1))
    for nothing in ({}, {A: "0"}, {A: "-1"}, {A: "many"}, {A: ""}, {"quantity": "1"}):
        assert not Choice.of(nothing)
    assert Choice.of({A: "99999"}).places == 1000


def test_a_wish_has_one_key_until_its_booking_was_seen():
    wish = Choice.of({A: "2", B: "1"})
    assert wish.key("e", "") == Choice.of({B: "1", A: "2"}).key("e", "")
    others = {wish.key("e", "seen"), wish.key("f", ""), Choice.of({A: "2"}).key("e", ""), wish.key("e", "")}
    assert len(others) == 4


def test_what_is_offered_instead_fits():
    kinds = [{"ticketTypeId": A, "availability": 3}, {"ticketTypeId": B, "availability": 4}]
    event = {"availability": 4, "maxPerPerson": 10, "ticketTypes": kinds}
    assert [kind["quantity"] for kind in Choice.of({A: "5", B: "2"}).instead(event)] == [3, 1]
    kinds[0]["availability"] = 0
    assert [(k["ticketTypeId"], k["quantity"]) for k in Choice.of({A: "2"}).instead(event)] == [(B, 2)]
