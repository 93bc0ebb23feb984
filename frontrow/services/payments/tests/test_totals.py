"""What an organiser's events took and gave back."""

import pytest
from django.db import connection
from django.utils import timezone

from frontrow.chassis.ids import new_id
from frontrow.services.payments import api
from frontrow.services.payments.models import Payment

pytestmark = pytest.mark.django_db


def pay(organizer, event_id, amount, **changes):
    """A payment for somebody's event, captured unless told otherwise."""
    now = timezone.now()
    facts = {"currency": "EUR", "status": "succeeded", "payment_date": now, "created_at": now, **changes}
    return Payment.objects.create(
        booking_id=new_id(), user_id=new_id(), organizer_id=organizer.user_id, event_id=event_id,
        amount=amount, **facts,
    )  # fmt: skip


def total(event_id, taken, refunded, payments, currency="EUR"):
    return {
        "eventId": str(event_id), "currency": currency, "taken": taken, "refunded": refunded,
        "payments": payments,
    }  # fmt: skip


def totals(person, *event_ids):
    query = "&".join(f"eventId={each}" for each in event_ids)
    status, found = person.get(f"/payments/totals?{query}" if query else "/payments/totals")
    assert status == 200, found
    return found["items"]


def test_what_was_captured_counts_and_what_was_granted_back(ada):
    event = new_id()
    pay(ada, event, 2500)
    pay(ada, event, 5000, status="partially_refunded", refunding=1500, refunded=1000)
    pay(ada, event, 2500, status="refunded", refunding=2500, refunded=2500)
    for status in ("processing", "requires_action", "failed"):
        pay(ada, event, 900, status=status)
    assert totals(ada) == [total(event, 10000, 4000, 3)]


def test_each_event_and_currency_has_its_own(ada):
    first, second = new_id(), new_id()
    pay(ada, first, 100)
    pay(ada, first, 7, currency="USD")
    pay(ada, second, 30)
    assert totals(ada) == [total(second, 30, 0, 1), total(first, 100, 0, 1), total(first, 7, 0, 1, "USD")]
    assert totals(ada, first) == totals(ada)[1:]
    assert totals(ada, second, first) == totals(ada)


def test_other_organisers_events_are_not_told(ada, ben):
    mine, theirs = new_id(), new_id()
    pay(ada, mine, 100)
    pay(ben, theirs, 200)
    assert totals(ada) == totals(ada, mine, theirs, new_id()) == [total(mine, 100, 0, 1)]
    assert totals(ben, mine) == []


def test_who_pays_is_told_of_no_totals(ada, cy):
    Payment.objects.filter(pk=pay(ada, new_id(), 100).pk).update(user_id=cy.user_id)
    assert totals(cy) == []


def test_more_than_an_integer_of_32_bits_is_right(ada):
    event = new_id()
    for _ in range(3):
        pay(ada, event, 2**40)
    assert totals(ada) == [total(event, 3 * 2**40, 0, 3)]


def test_a_hundred_events_can_be_named_in_one_query_and_no_more(ada, django_assert_num_queries):
    totals(ada)  # fetches the keys that prove who she is
    with django_assert_num_queries(1):
        assert totals(ada, *(new_id() for _ in range(100))) == []
    many = "&".join(f"eventId={new_id()}" for _ in range(101))
    assert ada.get(f"/payments/totals?{many}")[0] == 422


def test_of_very_many_events_the_newest_are_told(ada, monkeypatch):
    monkeypatch.setattr(api, "MOST_TOTALS", 2)
    old, newer, newest = (pay(ada, new_id(), 100).event_id for _ in range(3))
    assert [each["eventId"] for each in totals(ada)] == [str(newest), str(newer)]
    assert totals(ada, old) == [total(old, 100, 0, 1)]


@pytest.mark.parametrize("query", ["eventId=x", "eventId=", "event=1", "organizerId=1"])
def test_what_makes_no_sense_is_refused(ada, query):
    status, problem = ada.get(f"/payments/totals?{query}")
    assert (status, problem["code"]) == (422, "invalid_request")


def test_nobody_gets_in_without_signing_in(nobody):
    assert nobody.get("/payments/totals")[1]["code"] == "not_signed_in"


def test_only_an_organisers_own_payments_are_read(ada, ben):
    for _ in range(300):
        pay(ben, new_id(), 100)
    pay(ada, new_id(), 100)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    assert "payments_of_organizer" in Payment.objects.filter(organizer_id=ada.user_id).totals().explain()
