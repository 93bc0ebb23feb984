"""The checker is itself checked: sound business is sound to it, and each kind of lie is found."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from frontrow.fleet.topology import SERVICES
from tests.cast import settle
from tests.faults.checker import Checker
from tests.money.stage import paid, refunds

pytestmark = pytest.mark.django_db(transaction=True)
GRATIS = {"price": 0, "capacity": 20}


def where() -> str:
    known = connection.get_connection_params()
    return make_conninfo(
        **{name: known[name] for name in ("host", "dbname", "user", "port") if name in known}
    )


def line(
    person: Any, method: str, path: str, status: int, answer: Any, body: Any = None, key: str = ""
) -> dict[str, Any]:
    now = timezone.now().timestamp()
    return {"person": str(person.user_id), "method": method, "path": path, "key": key, "body": body, "began": now - 60,
            "ended": now, "status": status, "answer": answer}  # fmt: skip


@pytest.fixture
def lines(ada, ben, cy):
    """Some business, and what its clients were told."""
    event, free = ada.lists(capacity=20), ada.lists(**GRATIS)
    told = []
    for person in (ben, cy):
        for _ in range(2):
            booking = person.books(event)
            told.append(
                line(person, "POST", "/bookings", 201, booking, {"eventId": event["eventId"], "quantity": 1})
            )
            payment = paid(person, booking)
            told.append(line(person, "POST", "/payments", 201, payment))
        told.append(line(person, "POST", "/bookings", 201, person.books(free)))
    settle()
    assert refunds(ada, payment, amount=100)[0] == 201
    given = ben.delete(f"/bookings/{told[0]['answer']['bookingId']}")[1]
    told.append(line(ben, "DELETE", f"/bookings/{given['bookingId']}", 200, given))
    settle(timezone.now() + timedelta(seconds=90))
    return told


def check(lines: list[dict[str, Any]]) -> Checker:
    return Checker(dict.fromkeys(SERVICES, where()), lines, late=0)


def found(lines: list[dict[str, Any]]) -> set[str]:
    return {each.partition(":")[0].split("_")[0] for each in check(lines).violations()}


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            for word, selected in SELECTED.items():
                statement = statement.replace(word, selected)
            cursor.execute(statement)


def test_sound_business_is_sound(lines):
    assert check(lines).unfinished() == {}
    assert check(lines).violations() == []


SELECTED = {  # bookings that lies are about
    "TICKET": "(SELECT booking_id FROM bookings_booking WHERE status = 'confirmed' AND amount > 0 ORDER BY 1 LIMIT 1)",
    "FREE": "(SELECT booking_id FROM bookings_booking WHERE amount = 0 ORDER BY 1 LIMIT 1)",
}
LIES = {
    "i1": ["UPDATE bookings_eventstock SET taken = taken + 1"],
    "i3": ["UPDATE bookings_booking SET user_id = gen_random_uuid() WHERE booking_id = TICKET"],
    "i4": ["UPDATE bookings_booking SET idempotency_key = 'twice' WHERE booking_id IN (SELECT DISTINCT ON (user_id)"
           " booking_id FROM bookings_booking)"],
    "i6": ["UPDATE payments_sandboxcharge SET refunded = 7 WHERE key IN (SELECT payment_id::text FROM payments_payment"
           " WHERE booking_id = TICKET)"],
    "i8": ["DELETE FROM notifications_delivery WHERE notification_id IN (SELECT notification_id FROM"
           " notifications_notification WHERE booking_id = FREE)",
           "DELETE FROM notifications_notification WHERE booking_id = FREE"],
    "i9": ["UPDATE bookings_booking SET status = 'held', expires_at = now() - interval '1h' WHERE booking_id = FREE"],
}  # fmt: skip


@pytest.mark.parametrize("promise", LIES)
def test_a_lie_in_the_tables_is_found(lines, promise):
    run(*LIES[promise])
    assert promise in found(lines)


def test_a_page_that_never_follows_is_found_and_one_that_is_behind_for_a_moment_is_not(lines, monkeypatch):
    run("UPDATE events_event SET availability = availability - 1")
    assert found(lines) == {"i8"}
    told = "UPDATE events_event SET availability = availability + 1"
    monkeypatch.setattr("tests.faults.checker.time.sleep", lambda _: run(told))
    assert found(lines) == set()


def test_what_was_told_and_is_not_there_is_found(lines, ben):
    gone = {**lines[0]["answer"], "bookingId": "00000000-0000-7000-8000-000000000000"}
    assert found([*lines, line(ben, "POST", "/bookings", 201, gone)]) == {"i3"}


def test_one_key_that_made_two_is_found(lines, ben):
    first, second = [each for each in lines if each["path"] == "/bookings"][:2]
    assert found([{**first, "key": "k"}, {**second, "key": "k", "person": first["person"]}]) == {"i4"}


def test_who_was_sent_away_in_vain_is_found(lines, cy):
    event = lines[0]["body"]["eventId"]
    refused = line(cy, "POST", "/bookings", 409, {"code": "sold_out"}, {"eventId": event, "quantity": 2})
    assert found([*lines, refused]) == {"i5"}
    too_many = {**refused, "body": {"eventId": event, "quantity": 20}}
    assert found([*lines, too_many]) == set()


def test_money_that_nobody_knows_of_is_found(lines):
    run("INSERT INTO payments_sandboxcharge (reference, key, method, amount, currency, status, code, refunded, at)"
        " VALUES ('sandbox_x', 'nobody', 'pm_card_visa', 5, 'EUR', 'succeeded', '', 0, now())")  # fmt: skip
    assert found(lines) == {"i6"}


@pytest.mark.parametrize(
    "statement",
    ["UPDATE payments_payment SET status = 'processing', refunding = 0, refunded = 0",
     "UPDATE bookings_eventstock SET untold = true",
     "UPDATE bookings_booking SET status = 'held', expires_at = now() WHERE booking_id = FREE"],
)  # fmt: skip
def test_what_is_not_finished_is_seen(lines, statement):
    run(statement)
    assert check(lines).unfinished() != {}


def test_a_hold_that_began_or_ended_by_a_wrong_clock_is_found(lines):
    first = next(each for each in lines if each["path"] == "/bookings")
    for wrong in (timedelta(hours=-1), timedelta(hours=1)):
        date = (timezone.now() + wrong).isoformat()
        assert found([{**first, "answer": {**first["answer"], "bookingDate": date}}]) == {"i9"}


def test_a_hold_that_was_ended_early_is_found(lines):
    run("UPDATE bookings_booking SET expires_at = now() + interval '1h' WHERE booking_id = FREE",
        "UPDATE bookings_booking SET status = 'expired' WHERE booking_id = FREE")  # fmt: skip
    assert "i9" in found(lines)
