"""Real threads on a real database: nobody is sold a place that is not there, nobody is refused one that is."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import F

from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Outbox
from frontrow.chassis.refusals import Refusal
from frontrow.services.bookings import booking, deciding, ending, event, stock
from frontrow.services.bookings.models import Booking, Event, EventStock, TypeStock

from .stage import NOW, check_invariants, left, stage, type_ids, wants

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 16


def at_once(calls):
    """Each call's result, or the code of its refusal, all running at the same time."""

    def run(call):
        try:
            return call()
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, calls))


def hold(request, now=NOW):
    return lambda: booking.hold(request, now)


def count(results):
    return Counter(result if isinstance(result, str) else "booked" for result in results)


def test_a_hundred_people_and_thirty_places():
    told = stage(30)
    assert count(at_once([hold(wants(told)) for _ in range(100)])) == {"booked": 30, "sold_out": 70}
    assert left(told) == 0
    check_invariants()


def test_two_types_of_eight_under_a_cap_of_ten():
    told = stage(8, 8, cap=10)
    requests = [wants(told, items=((type_ids(told)[n % 2], 1),)) for n in range(60)]
    assert count(at_once([hold(request) for request in requests])) == {"booked": 10, "sold_out": 50}
    check_invariants()


def test_one_key_sent_twenty_times_is_one_booking_and_twenty_equal_answers():
    request = wants(stage(100), key="k", fingerprint="f")
    answers = at_once([hold(request) for _ in range(20)])
    assert all(answer == answers[0] for answer in answers)
    assert Booking.objects.count() == 1
    assert Outbox.objects.filter(type="booking.held.v1").count() == 1


def test_an_event_that_is_busy_is_told_of_when_its_turn_comes_and_not_skipped():
    told = stage(5)
    stock.tell(NOW)
    booking.hold(wants(told), NOW)
    busy, done = threading.Event(), threading.Event()

    def somebody_books():
        with transaction.atomic():
            EventStock.objects.lock(UUID(told["eventId"]))
            busy.set()
            assert not done.wait(0.2)  # tell cannot have finished, whenever it began
            for rows in (EventStock.objects, TypeStock.objects):
                rows.filter(event_id=told["eventId"]).update(taken=F("taken") + 2)

    def tell():
        assert busy.wait(20)
        try:
            return stock.tell(NOW)
        finally:
            done.set()

    assert at_once([somebody_books, tell]) == [None, 1]
    said = Outbox.objects.filter(type="stock.changed.v1").latest("id").data
    assert (said["availability"], said["ticketTypes"][0]["availability"]) == (2, 2)


def test_one_person_cannot_pass_their_limit_by_hurrying():
    told, ben = stage(100, maxPerPerson=5), new_id()
    assert count(at_once([hold(wants(told, user_id=ben)) for _ in range(30)])) == {
        "booked": 5,
        "limit_reached": 25,
    }


def test_one_person_cannot_pass_ten_open_holds_by_hurrying_over_many_events():
    ben, events = new_id(), [stage(5) for _ in range(20)]
    assert count(at_once([hold(wants(told, user_id=ben)) for told in events]))["booked"] == 10


def test_what_one_process_decides_for_a_person_another_waits_for():
    ben = new_id()
    for _ in range(9):
        booking.hold(wants(stage(5), user_id=ben), NOW)
    tenth, eleventh = (wants(stage(5), user_id=ben) for _ in range(2))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(deciding.DECIDE, deciding.asked([tenth], NOW))
            elsewhere = pool.submit(at_once, [lambda: deciding.decide([eleventh], NOW)[0].outcome])
            assert any(elsewhere.done() or somebody_waits_for_a_lock() for _ in range(100_000))
        assert elsewhere.result(20) == ["limit_reached"]


@pytest.mark.parametrize("people", ["same", "fresh"])
def test_groups_over_the_same_events_in_different_order_do_not_deadlock(people):
    events = [stage(1000) for _ in range(6)]
    same = [new_id() for _ in range(6)]

    def group(n):
        users = same if people == "same" else [new_id() for _ in range(6)]
        order = [(n + k) % 6 for k in range(6)] if n % 2 else [(n - k) % 6 for k in range(6)]
        return lambda: deciding.decide([wants(events[k], user_id=users[-k]) for k in order], NOW)

    decided = at_once([group(n) for n in range(40)])
    assert all(not isinstance(result, str) for result in decided)
    check_invariants()


def test_cancelling_at_once_gives_back_once():
    told = stage(5)
    request = wants(told, 3)
    mine = UUID(booking.hold(request, NOW)["bookingId"])
    at_once([lambda: booking.cancel(mine, request.user_id, NOW) for _ in range(12)])
    assert left(told) == 5
    assert Outbox.objects.filter(type="booking.cancelled.v1").count() == 1


def test_cancelling_while_expiring_gives_back_once():
    told, later = stage(40), NOW + timedelta(minutes=15)
    requests = [wants(told) for _ in range(40)]
    mine = [(UUID(booking.hold(request, NOW)["bookingId"]), request.user_id) for request in requests]
    cancels = [lambda m=m: booking.cancel(*m, later) for m in mine]
    at_once([*cancels[:20], *[lambda: ending.expire(later)] * 4, *cancels[20:]])
    ending.expire(later)
    assert left(told) == 40
    check_invariants()
    assert set(Booking.objects.values_list("status", flat=True)) == {"cancelled"}
    assert Outbox.objects.filter(type="booking.cancelled.v1").count() == 40


def test_who_ends_bookings_waits_for_the_stock_before_touching_any():
    """Who locks in another order than everybody else is in everybody's way, and one of them has to give in."""
    told, later = stage(5), NOW + timedelta(minutes=15)
    booking.hold(wants(told), NOW)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            EventStock.objects.lock(UUID(told["eventId"]))
            ending_it = pool.submit(at_once, [lambda: ending.expire(later)])
            assert any(somebody_waits_for_a_lock() for _ in range(100_000))
            assert Booking.objects.select_for_update(nowait=True).get().status == "held"
        assert ending_it.result(20) == [1]


def test_a_capacity_lowered_during_the_sale_is_never_oversold():
    told = stage(50)
    event_id, kind = UUID(told["eventId"]), type_ids(told)[0]
    resizes = [lambda n=n: event.resize(event_id, None, {kind: n}, NOW) for n in (40, 30, 20, 35, 10)]
    sales = [hold(wants(told)) for _ in range(60)]
    at_once([*sales[:15], *resizes, *sales[15:]])
    check_invariants()


def test_an_event_cancelled_during_the_sale_leaves_no_live_booking():
    told = stage(200)

    def cancel():
        with transaction.atomic():
            event.learn({**told, "version": 2, "status": "cancelled"})
        ending.close_cancelled(NOW)

    sales = [hold(wants(told)) for _ in range(60)]
    at_once([*sales[:30], cancel, *sales[30:]])
    ending.close_cancelled(NOW)
    assert not Booking.objects.live().exists()
    assert left(told) == 200
    check_invariants()


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


def test_old_news_that_waited_for_new_news_change_nothing():
    told = stage(5)
    locked = threading.Event()

    def hears(version):
        with transaction.atomic():
            event.learn({**told, "version": version})

    def new():
        with transaction.atomic():
            EventStock.objects.lock(UUID(told["eventId"]))
            locked.set()
            assert any(somebody_waits_for_a_lock() for _ in range(100_000))
            hears(3)

    def old():
        assert locked.wait(20)
        hears(2)

    assert at_once([new, old]) == [None, None]
    assert Event.objects.get().version == 3


def test_freed_places_find_their_next_owner_while_everybody_asks():
    told, later = stage(10), NOW + timedelta(minutes=15)
    for _ in range(10):
        booking.hold(wants(told), NOW)
    assert count(at_once([hold(wants(told), later) for _ in range(40)])) == {"booked": 10, "sold_out": 30}
    check_invariants()
