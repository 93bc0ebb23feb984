"""Those who wait at once are decided together, and none of them pays for another."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from frontrow.chassis.ids import new_id
from frontrow.services.bookings import booking, deciding
from frontrow.services.bookings.models import Booking, Event, EventStock
from tests.embedded.system import wait

from .stage import NOW, check_invariants, left, outcomes, stage, type_ids, wants

SECONDS = 30
LATER = NOW + timedelta(seconds=1)


def close(act):
    """Run it in a thread that leaves no connection behind."""

    def run():
        try:
            return act()
        finally:
            connection.close()

    return run


def looks(told):
    """Whether by a look alone one is told that nothing is left of an event."""
    with connection.cursor() as cursor:
        cursor.execute(deciding.GONE, deciding.looked_for([wants(told)], NOW))
        ((gone, _),) = cursor.fetchall()
    return gone == [UUID(told["eventId"])]


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


@pytest.mark.django_db(transaction=True)
def test_those_who_come_while_a_group_is_decided_are_the_next_group(monkeypatch):
    told, sizes, queue = stage(100), [], deciding.Queue()
    decide = deciding.decide
    monkeypatch.setattr(deciding, "decide", lambda asks, now: sizes.append(len(asks)) or decide(asks, now))
    hold = close(lambda: queue.decide(wants(told), NOW))
    with ThreadPoolExecutor(8) as pool:
        with transaction.atomic():
            EventStock.objects.lock(UUID(told["eventId"]))
            first = pool.submit(hold)
            wait(SECONDS, somebody_waits_for_a_lock, "the first group waits for the stock")
            others = [pool.submit(hold) for _ in range(6)]
            wait(SECONDS, lambda: len(queue.waiting) == 6, "the others wait for their turn")
        answers = [each.result(SECONDS) for each in (first, *others)]
    assert sizes == [1, 6]
    assert {answer.outcome for answer in answers} == {"held"}
    assert len({answer.booking["bookingId"] for answer in answers}) == 7
    check_invariants()


@pytest.mark.django_db(transaction=True)
def test_one_that_the_database_cannot_take_fails_alone():
    told, queue = stage(100), deciding.Queue()
    bad, good = wants(told, key="x" * 300), [wants(told) for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        queue.turn.acquire()
        asked = [pool.submit(close(lambda r=r: queue.decide(r, NOW))) for r in (good[0], bad, *good[1:])]
        wait(SECONDS, lambda: len(queue.waiting) == 4, "all wait")
        queue.turn.release()
        faults = [each.exception(SECONDS) for each in asked]
    assert [isinstance(fault, DatabaseError) for fault in faults] == [False, True, False, False]
    assert Booking.objects.count() == 3
    check_invariants()


@pytest.mark.django_db(transaction=True)
def test_who_asks_for_what_is_gone_waits_for_no_lock():
    told = stage(2)
    booking.hold(wants(told, 2), NOW)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        EventStock.objects.lock(UUID(told["eventId"]))
        answer = pool.submit(close(lambda: deciding.decide([wants(told)], NOW))).result(SECONDS)
    assert [each.outcome for each in answer] == ["sold_out"]


@pytest.mark.django_db
def test_a_key_is_replayed_also_when_all_is_gone():
    told = stage(1)
    request = wants(told, key="k", fingerprint="f")
    assert outcomes(request) == ["booked"]
    assert outcomes(request, wants(told)) == ["replayed", "sold_out"]


@pytest.mark.django_db
def test_a_long_list_near_the_end_is_served_in_turn():
    told = stage(60)
    assert outcomes(*[wants(told, 1 + n % 3) for n in range(64)]).count("booked") == 30
    assert left(told) == 0
    check_invariants()


@pytest.mark.django_db
def test_a_list_over_many_events_takes_each_ones_places():
    events = [stage(3, 3, cap=4) for _ in range(9)]
    kinds = [[UUID(kind["ticketTypeId"]) for kind in told["ticketTypes"]] for told in events]
    asks = [wants(events[n % 9], items=((kinds[n % 9][0], 1), (kinds[n % 9][1], 1))) for n in range(27)]
    assert outcomes(*asks) == ["booked"] * 18 + ["sold_out"] * 9
    check_invariants()


@pytest.mark.parametrize("text", ['a"b', "a\\b", "{a,b}", "NULL", "", " "])
@pytest.mark.django_db
def test_any_key_arrives_as_it_was_sent(text):
    request = wants(stage(5), key=text, fingerprint="f")
    assert outcomes(request, request) == ["booked", "replayed"]
    assert Booking.objects.get().idempotency_key == text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "is_sold_out"),
    [({}, True), ({"sales_start": NOW}, True), ({"sales_start": LATER}, False), ({"sales_end": NOW}, False),
     ({"status": "cancelled"}, False)],
)  # fmt: skip
def test_a_look_says_sold_out_of_an_event_where_a_decision_does(changes, is_sold_out):
    told = stage(2)
    booking.hold(wants(told, 2), NOW)
    Event.objects.update(**changes)
    assert (looks(told), outcomes(wants(told)) == ["sold_out"]) == (is_sold_out, is_sold_out)


@pytest.mark.django_db
def test_a_look_leaves_to_a_decision_what_needs_more():
    several, free, late = stage(1, 1), stage(3), stage(2)
    booking.hold(wants(several, items=tuple((kind, 1) for kind in type_ids(several))), NOW)
    for told in (free, late):
        booking.hold(wants(told, 2), NOW)
    Booking.objects.filter(event_id=late["eventId"]).update(expires_at=NOW)
    assert [looks(told) for told in (several, free, late)] == [False] * 3


@pytest.mark.django_db
def test_where_very_many_are_late_a_look_tells_nobody_and_decisions_stay_exact():
    crowded, gone, late = stage(1000), stage(1), stage(1)
    booking.hold(wants(crowded), NOW)
    one = Booking.objects.get()
    others = [Booking(**{**values_of(one), "booking_id": new_id(), "user_id": new_id()}) for _ in range(999)]
    Booking.objects.bulk_create(others)
    Booking.objects.update(expires_at=NOW)
    for told in (gone, late):
        booking.hold(wants(told), NOW)
    Booking.objects.filter(event_id=late["eventId"]).update(expires_at=NOW)
    assert [looks(gone), looks(late)] == [False, False]
    assert outcomes(wants(gone), wants(late)) == ["sold_out", "overdue"]
    Booking.objects.filter(pk=one.pk).delete()
    Booking.objects.filter(event_id=late["eventId"]).update(expires_at=LATER)
    assert [looks(gone), looks(late)] == [True, True]


def values_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
