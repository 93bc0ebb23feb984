"""What of stock and bookings does not agree is found and healed, and nothing is found where all is well."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from prometheus_client import REGISTRY

from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import Refusal
from frontrow.services.bookings import booking, ending, reconciling, rules, stock, watching
from frontrow.services.bookings.models import Booking, Event, EventStock, Finding, TypeStock
from tests.cast import at_once

from .stage import NOW, check_invariants, left, stage, type_ids, wants

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)


def found(now=NOW, **how):
    """What a look finds, by kind, with what became of it."""
    return [(each.kind, each.state) for each in reconciling.reconcile(now, **how)]


def sneak(told, quantity):
    """Places of a booking past all our code."""
    items = [{"ticketTypeId": str(type_ids(told)[0]), "name": "?", "quantity": quantity, "price": 1}]
    return Booking.objects.create(
        booking_id=new_id(), user_id=new_id(), event_id=told["eventId"], status="confirmed", booking_date=NOW,
        items=items, quantity=quantity, amount=1, currency="EUR", fingerprint="",
    )  # fmt: skip


def gauge(kind):
    watching.look_at_findings()
    return REGISTRY.get_sample_value("frontrow_stock_findings", {"kind": kind})


@pytest.fixture
def event():
    """An event of two ticket types, with a ticket, a hold, one given back, and one that lapsed."""
    told = stage(6, 6, cap=10)
    first, second = type_ids(told)
    booking.hold(wants(told, items=((first, 2), (second, 1))), NOW)
    mine = booking.hold(wants(told, items=((first, 1),)), NOW)
    booking.cancel(UUID(mine["bookingId"]), UUID(mine["userId"]), NOW)
    booking.hold(wants(told, items=((second, 2),)), NOW - timedelta(minutes=20))
    ending.expire(NOW)
    sneak(told, 1)
    EventStock.objects.filter(event_id=told["eventId"]).update(taken=F("taken") + 1)
    TypeStock.objects.filter(pk=first).update(taken=F("taken") + 1)
    stock.tell(NOW)
    check_invariants()
    return told


def test_where_all_is_well_nothing_is_found(event):
    assert found() == found(everything=True) == []
    assert not Finding.objects.exists()
    assert not EventStock.objects.filter(untold=True).exists()


@pytest.mark.parametrize("by", [2, -2])
@pytest.mark.parametrize("of", ["event", "ticket_type", "both"])
def test_a_wrong_count_is_put_right_and_told(event, of, by):
    first = TypeStock.objects.filter(pk=type_ids(event)[0])
    before = EventStock.objects.get()
    if of != "ticket_type":
        EventStock.objects.update(taken=F("taken") + by)
    if of != "event":
        first.update(taken=F("taken") + by)
    assert found() == [("stock", "healed")]
    check_invariants()
    after = EventStock.objects.get()
    assert (after.taken, after.version, after.untold) == (before.taken, before.version + 1, True)
    assert found() == []
    finding = Finding.objects.get()
    assert (finding.closed_at, finding.organizer_id) == (NOW, UUID(event["organizerId"]))
    assert "live bookings have" in finding.details


def test_what_is_found_again_later_is_the_same_row(event):
    for hours in range(2):
        EventStock.objects.update(taken=F("taken") + 1)
        assert found(NOW + timedelta(hours=hours), everything=True)[0] == ("stock", "healed")
    assert Finding.objects.get(kind="stock").found_at == NOW + timedelta(hours=1)


def test_holds_that_nobody_ended_are_ended(event):
    deadline = NOW + timedelta(minutes=15)
    assert found(deadline + rules.FORGET - timedelta(seconds=1)) == []
    assert found(deadline + rules.FORGET) == [("forgotten_holds", "healed")]
    assert left(event) == 9
    assert found(deadline + rules.FORGET) == []
    check_invariants()


def test_holds_that_could_not_end_for_a_wrong_count_can_when_it_is_right(event):
    EventStock.objects.update(taken=0)
    TypeStock.objects.update(taken=0)
    late = NOW + timedelta(hours=1)
    with pytest.raises(AssertionError):
        check_invariants()
    assert found(late) == [("stock", "healed"), ("forgotten_holds", "healed")]
    check_invariants()
    assert found(late) == []


def test_what_is_sold_twice_is_told_until_it_is_so_no_more(event):
    extra = sneak(event, 7)
    assert found() == [("stock", "healed"), ("oversold", "open")]
    assert left(event) == 0  # so that not even more is sold
    assert (gauge("oversold"), gauge("stock")) == (1, 0)
    later = NOW + timedelta(minutes=5)
    assert found(later) == [("oversold", "open")]
    finding = Finding.objects.get(kind="oversold")
    assert (finding.found_at, finding.seen_at, finding.closed_at) == (NOW, later, None)
    extra.delete()
    last = later + timedelta(minutes=5)
    assert found(last) == [("stock", "healed")]
    finding.refresh_from_db()
    assert (finding.state, finding.closed_at) == ("gone", last)
    assert gauge("oversold") == 0
    check_invariants()


def test_every_page_is_looked_at(monkeypatch):
    monkeypatch.setattr(reconciling, "AT_ONCE", 2)
    events = [stage(5) for _ in range(5)]
    for told in events:
        booking.hold(wants(told, 2), NOW)
    EventStock.objects.update(taken=3)
    assert found() == [("stock", "healed")] * 5
    check_invariants()


def test_one_that_cannot_be_healed_keeps_no_other_waiting(event):
    other = stage(5)
    EventStock.objects.update(taken=0)
    with connection.cursor() as cursor:  # what is wrong with the first is beyond us
        cursor.execute(
            "CREATE FUNCTION bookings_broken_v1() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'not today'; END $$;"
            "CREATE TRIGGER broken BEFORE UPDATE ON bookings_eventstock FOR EACH ROW"
            f" WHEN (OLD.event_id = '{event['eventId']}') EXECUTE FUNCTION bookings_broken_v1()"
        )
    EventStock.objects.filter(event_id=other["eventId"]).update(taken=4)
    assert [str(each.event_id) for each in reconciling.reconcile(NOW)] == [other["eventId"]]
    assert left(other) == 5


def test_the_clock_looks_at_what_is_not_history_and_by_hand_everything_is(event):
    Event.objects.update(sales_end=NOW - watching.HISTORY - timedelta(seconds=1))
    sneak(event, 7)
    assert found() == []
    assert found(everything=True) == [("stock", "healed"), ("oversold", "open")]
    assert found(NOW + timedelta(minutes=5)) == []
    assert Finding.objects.filter(state="open").count() == 1  # which nobody has looked at since


@committed
def test_nothing_is_found_while_many_book_and_give_back():
    events = [stage(40, 40, cap=60) for _ in range(3)]

    def live(n):
        for round_ in range(6):
            told = events[(n + round_) % 3]
            try:
                mine = booking.hold(wants(told, items=((type_ids(told)[n % 2], 1 + round_ % 2),)), NOW)
            except Refusal:
                continue
            if (n + round_) % 2:
                booking.cancel(UUID(mine["bookingId"]), UUID(mine["userId"]), NOW)

    def look():
        return [found(NOW, everything=True) for _ in range(8)]

    looked = at_once([look, *(lambda n=n: live(n) for n in range(10)), look])
    assert [each for each in looked if each] == [[[]] * 8] * 2
    check_invariants()
    assert Booking.objects.live().exists()


@committed
def test_several_who_reconcile_while_others_book_put_it_right_once():
    told = stage(100)
    booking.hold(wants(told, 3), NOW)
    EventStock.objects.update(taken=50)
    looks = [found] * 4
    looked = at_once([*looks, *[lambda: booking.hold(wants(told), NOW)] * 8])
    assert [each for some in looked[:4] for each in some] == [("stock", "healed")]
    assert left(told) == 89
    check_invariants()


@committed
def test_what_is_just_being_sold_is_waited_for():
    told = stage(10)
    event_id = UUID(told["eventId"])
    EventStock.objects.update(taken=7)
    locked, looking = threading.Event(), threading.Event()

    def sell():
        with transaction.atomic():
            EventStock.objects.lock(event_id)
            locked.set()
            assert looking.wait(20)
            sneak(told, 2)
            EventStock.objects.filter(pk=event_id).update(taken=F("taken") + 2)
            TypeStock.objects.update(taken=F("taken") + 2)
            assert any(somebody_waits() for _ in range(100_000))

    def look():
        assert locked.wait(20)
        looking.set()
        return found()

    assert at_once([sell, look]) == [None, [("stock", "healed")]]
    assert left(told) == 8
    check_invariants()


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


def findings(person, query=""):
    status, told = person.get(f"/bookings/findings{query}")
    assert status == 200, told
    return told["items"]


def test_organisers_read_what_was_found_of_their_own_events(ada, ben):
    mine = stage(5, organizerId=str(ada.user_id))
    theirs = stage(5, organizerId=str(ben.user_id))
    EventStock.objects.update(taken=1)
    assert found() == [("stock", "healed")] * 2
    (told,) = findings(ada)
    moment = NOW.isoformat().replace("+00:00", "Z")
    assert {name: told[name] for name in ("kind", "eventId", "state", "foundAt", "closedAt")} == {
        "kind": "stock", "eventId": mine["eventId"], "state": "healed", "foundAt": moment, "closedAt": moment,
    }  # fmt: skip
    assert [each["eventId"] for each in findings(ben)] == [theirs["eventId"]]
    assert findings(ada, f"?eventId={theirs['eventId']}") == findings(ada, "?state=open") == []
    assert findings(ada, f"?eventId={mine['eventId']}&state=healed") == [told]


def test_who_organises_nothing_reads_nothing(cy, nobody):
    stage(5)
    EventStock.objects.update(taken=1)
    found()
    assert findings(cy) == []
    assert nobody.get("/bookings/findings")[1]["code"] == "not_signed_in"
    assert cy.get("/bookings/findings?organizerId=1")[0] == 422


def test_the_clock_does_it(event):
    from frontrow.services.bookings import jobs

    EventStock.objects.update(taken=0)
    jobs.reconcile(timezone.now())
    check_invariants()
