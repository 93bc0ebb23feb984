"""Whatever was lost between bookings, payments and the bank is found, and healed or told; where all is well, nothing is."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from prometheus_client import REGISTRY

from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Outbox
from frontrow.services.bookings import reconciling as of_bookings
from frontrow.services.bookings.models import Booking
from frontrow.services.bookings.tests.stage import check_invariants
from frontrow.services.payments import ledger, reconciling, rules, sandbox, watching
from frontrow.services.payments.models import Finding, Payment, Refund, SandboxCharge
from tests.cast import Actor, at_once, settle

from .stage import (
    AUTHENTICATES,
    DECLINED,
    LOST,
    SILENT,
    captured,
    check_money,
    lapse,
    paid,
    pays,
    refunds,
    status_of,
)

pytestmark = pytest.mark.django_db
LATE = timedelta(minutes=20)  # past every time of grace


def look(after=LATE, **how):
    """What a look at some later time finds, by kind, with what became of it."""
    return [(each.kind, each.state) for each in reconciling.reconcile(timezone.now() + after, **how)]


def later():
    """Let the background do what the look has left to it."""
    settle(timezone.now() + LATE)


def lose_messages():
    Outbox.objects.all().delete()


def ended(booking):
    """A hold that lapsed by now."""
    lapse(booking)
    Booking.objects.update(ended_at=timezone.now())


def gauge(kind):
    watching.look_at_findings()
    return REGISTRY.get_sample_value("frontrow_money_findings", {"kind": kind})


@pytest.fixture
def booking(ada, ben):
    """A hold of Ben's, of all places of Ada's event."""
    return ben.books(ada.lists(capacity=2), 2)


@pytest.fixture
def ticket(ben, booking):
    """The payment by which it became a ticket."""
    payment = paid(ben, booking)
    settle()
    return payment


def healed(kind):
    """The finding is closed, and the next look finds nothing."""
    assert look() == []
    assert set(Finding.objects.values_list("kind", "state")) == {(kind, "healed")}
    check_money()
    check_invariants()


def left_open(kind, finds=None):
    """It is found at each look, told, and nothing is done about it."""
    before = [list(table.objects.values()) for table in (Payment, Refund, SandboxCharge, Outbox)]
    for _ in range(2):
        assert (finds or look)() == [(kind, "open")]
    assert [list(table.objects.values()) for table in (Payment, Refund, SandboxCharge, Outbox)] == before
    assert gauge(kind) == 1
    return Finding.objects.get()


def test_where_all_is_well_nothing_is_found(ada, ben, ticket):
    event = ada.lists(capacity=20)
    refunds(ada, ticket, amount=100)
    given_back, at_bank = ben.books(event), ben.books(event)
    paid(ben, given_back)
    settle()
    ben.delete(f"/bookings/{given_back['bookingId']}")
    pays(ben, ben.books(event), DECLINED)
    pays(ben, at_bank, AUTHENTICATES)
    settle()
    assert look() == look(everything=True) == []
    assert look(timedelta(hours=3)) == [("outcome_unheard", "healed")]  # nobody came to the bank's page
    assert Payment.objects.get(booking_id=at_bank["bookingId"]).failure_code == "not_authenticated"
    check_money()


def test_what_is_under_way_is_not_found(ben, booking):
    paid(ben, booking)
    lose_messages()
    assert look(rules.GRACE - timedelta(seconds=10)) == []
    assert look(rules.GRACE + timedelta(seconds=10)) == [("paid_without_ticket", "healing")]


def test_a_payment_that_bookings_never_heard_of_becomes_a_ticket(ben, booking):
    paid(ben, booking)
    lose_messages()
    assert look() == [("paid_without_ticket", "healing")]
    settle()
    assert status_of(booking) == "confirmed"
    healed("paid_without_ticket")
    assert captured(booking) == [(5000, 0)]


def test_also_after_its_hold_has_lapsed(ben, booking):
    paid(ben, booking)
    lose_messages()
    ended(booking)
    assert look() == [("paid_without_ticket", "healing")]
    settle()
    assert status_of(booking) == "confirmed"
    healed("paid_without_ticket")


def test_or_its_money_goes_back_if_the_places_are_gone(ben, cy, booking):
    paid(ben, booking)
    lose_messages()
    ended(booking)
    cy.books({"eventId": booking["eventId"]})
    assert look() == [("paid_without_ticket", "healing")]
    settle()
    assert status_of(booking) == "cancelled"
    assert captured(booking) == [(5000, 5000)]
    healed("paid_without_ticket")


def test_a_ticket_that_is_none_any_more_past_all_our_code_is_one_again(booking, ticket):
    Booking.objects.update(status="expired", expires_at=timezone.now())
    (found,) = of_bookings.reconcile(timezone.now())  # its places, which are free then
    assert (found.kind, found.state) == ("stock", "healed")
    assert look() == [("paid_without_ticket", "healing")]
    settle()
    assert status_of(booking) == "confirmed"
    assert look() == []


def test_money_of_a_cancellation_that_payments_never_heard_of_goes_back(ben, booking, ticket):
    ben.delete(f"/bookings/{booking['bookingId']}")
    lose_messages()
    assert look() == [("paid_without_ticket", "healed")]
    later()
    assert captured(booking) == [(5000, 5000)]
    assert Refund.objects.get().cause == "person"
    healed("paid_without_ticket")


def test_a_full_refund_that_bookings_never_heard_of_cancels_the_ticket(ada, booking, ticket):
    refunds(ada, ticket)
    lose_messages()
    assert look(rules.GRACE - timedelta(seconds=10)) == []
    assert look() == [("ticket_given_back", "healing")]
    settle()
    assert status_of(booking) == "cancelled"
    assert captured(booking) == [(5000, 5000)]
    healed("ticket_given_back")


def test_a_ticket_whose_money_went_back_for_another_cause_is_told(ada, ticket):
    refunds(ada, ticket)
    lose_messages()
    Refund.objects.update(cause="person")
    left_open("ticket_given_back")


def second_payment(of):
    """Another payment of the same booking, captured as the first was, past all our code."""
    first = Payment.objects.get(pk=of["paymentId"])
    charge = SandboxCharge.objects.get(key=str(first.pk))
    first.pk, first.unwanted = new_id(), "paid_too_late"
    charge.pk, charge.key = f"sandbox_{first.pk}", str(first.pk)
    first.reference = charge.pk
    first.save(force_insert=True)
    charge.save(force_insert=True)
    return first


def test_the_second_payment_of_a_ticket_goes_back_and_the_first_stays(booking, ticket):
    second = second_payment(ticket)
    assert look() == [("paid_without_ticket", "healed")]
    later()
    assert SandboxCharge.objects.get(key=str(second.pk)).refunded == 5000
    assert sorted(captured(booking)) == [(5000, 0), (5000, 5000)]
    healed("paid_without_ticket")


def test_nothing_goes_back_for_a_ticket_that_nobody_else_has_paid(ticket):
    Booking.objects.update(paid_by=new_id())
    left_open("paid_without_ticket")
    Booking.objects.update(paid_by=None)
    assert look() == [("paid_without_ticket", "open")]


def test_nor_if_what_paid_for_it_went_back(ada, booking, ticket):
    second_payment(ticket)
    refunds(ada, ticket)
    lose_messages()
    assert sorted(look()) == [("paid_without_ticket", "open"), ("ticket_given_back", "healing")]
    settle()  # which cancels the ticket, and with it nobody wants the second payment either
    later()
    assert captured(booking) == [(5000, 5000)] * 2
    assert look() == []
    check_money()


def test_nothing_goes_back_for_what_bookings_has_lost(ticket):
    Booking.objects.all().delete()
    finding = left_open("paid_without_ticket")
    assert finding.details == "€50.00 are kept, and the booking is unknown."


def test_what_was_said_in_vain_three_times_is_left_for_a_person(ben, booking):
    paid(ben, booking)
    lose_messages()
    assert [look() for _ in range(4)] == [[("paid_without_ticket", "healing")]] * 3 + [
        [("paid_without_ticket", "open")]
    ]
    assert Outbox.objects.filter(type="payment.succeeded.v1").count() == 3
    settle()
    assert status_of(booking) == "confirmed"  # once, however often it was said
    assert look() == []
    assert Finding.objects.get().state == "gone"
    check_money()


def test_a_charge_whose_outcome_nobody_asked_for_is_settled(ben, booking):
    pays(ben, booking, LOST)
    Payment.objects.update(next_at=None)
    assert look() == [("outcome_unheard", "healed")]
    settle()
    assert status_of(booking) == "confirmed"
    healed("outcome_unheard")


def test_an_order_that_never_arrived_is_given_up(ben, booking):
    pays(ben, booking, SILENT)
    Payment.objects.update(next_at=None)
    assert look() == [("outcome_unheard", "healed")]
    assert Payment.objects.get().failure_code == "no_answer"
    healed("outcome_unheard")


def test_money_of_a_payment_that_we_took_for_failed_goes_back(ben, booking):
    paid(ben, booking)
    lose_messages()
    Payment.objects.update(status="failed", failure_code="no_answer")
    assert look() == [("outcome_unheard", "healed")]
    later()
    assert captured(booking) == [(5000, 5000)]
    healed("outcome_unheard")


@pytest.mark.parametrize("status", ["failed", "requires_action", None])
def test_a_capture_of_which_the_bank_does_not_know_is_told(ticket, status):
    charges = SandboxCharge.objects.all()
    charges.update(status=status) if status else charges.delete()
    finding = left_open("charge_missing")
    assert (str(finding.payment_id), finding.about) == (ticket["paymentId"],) * 2


@pytest.mark.parametrize("key", ["made by hand", "0198c5a0-0000-7000-8000-000000000002"])
def test_a_charge_that_is_nobodys_is_told(ticket, key):
    charge = SandboxCharge.objects.get()
    charge.pk, charge.key = "sandbox_x", key
    charge.save(force_insert=True)
    finding = left_open("charge_unknown")
    assert (finding.about, finding.organizer_id, finding.payment_id) == (key, None, None)
    SandboxCharge.objects.filter(key=key).update(refunded=F("amount"))
    assert look() == []
    assert Finding.objects.get().state == "gone"


def test_another_amount_than_the_bank_took_is_told(ticket):
    SandboxCharge.objects.update(amount=4000)
    assert left_open("amount_differs").details == "€50.00 taken, but the provider took €40.00."


@pytest.mark.parametrize("gave", [0, 50, 150])
def test_another_refund_than_the_bank_gave_is_told(ada, ticket, gave):
    refunds(ada, ticket, amount=100)
    settle()
    assert look() == []
    SandboxCharge.objects.update(refunded=gave)
    left_open("refund_differs")


def test_so_is_one_that_only_its_row_says_was_given(ada, ticket):
    refunds(ada, ticket, amount=100)
    settle()
    Refund.objects.update(amount=300)
    left_open("refund_differs")


def test_a_refund_that_the_bank_has_taken_and_we_wait_for_differs_from_nothing(ada, ticket):
    refunds(ada, ticket, amount=100)
    settle()
    Refund.objects.update(status="pending", next_at=timezone.now())
    Payment.objects.update(refunded=0, status="succeeded")
    left_open("refund_waits")


def test_a_refund_that_nobody_would_send_is_sent(ben, booking, ticket):
    ben.delete(f"/bookings/{booking['bookingId']}")
    settle()
    Refund.objects.update(status="pending", next_at=None, refund_date=None)
    Payment.objects.update(refunded=0, status="succeeded")
    assert look() == [("refund_waits", "healing")]
    later()
    assert Refund.objects.get().status == "succeeded"
    healed("refund_waits")


def test_every_page_is_looked_at(ada, ben, monkeypatch):
    for module, pages in ((watching, "AT_ONCE"), (ledger, "AT_ONCE"), (sandbox, "PAGE")):
        monkeypatch.setattr(module, pages, 2)
    event = ada.lists(capacity=20)
    for _ in range(5):
        paid(ben, ben.books(event))
    settle()
    assert look() == []
    for charge in SandboxCharge.objects.all():
        charge.pk, charge.key = f"x{charge.pk}", f"x{charge.key}"
        charge.save(force_insert=True)
    SandboxCharge.objects.exclude(key__startswith="x").update(amount=1)
    Booking.objects.update(status="cancelled")
    told = look()
    assert {kind: told.count((kind, state)) for kind, state in told} == {
        "paid_without_ticket": 5, "amount_differs": 5, "charge_unknown": 5,
    }  # fmt: skip


def test_all_that_was_planted_at_once_is_found_and_healed(ada, ben, cy):
    event = ada.lists(capacity=20)
    unheard, cancelled, twice, stuck, failed = (ben.books(event) for _ in range(5))
    payments = [paid(ben, each) for each in (cancelled, twice, failed)]
    settle()
    ben.delete(f"/bookings/{cancelled['bookingId']}")
    paid(ben, unheard)
    pays(ben, stuck, LOST)
    lose_messages()
    second_payment(payments[1])
    ben.delete(f"/bookings/{failed['bookingId']}")
    lose_messages()
    Payment.objects.filter(pk=payments[2]["paymentId"]).update(status="failed")
    assert sorted(look()) == [
        ("outcome_unheard", "healed"), ("outcome_unheard", "healed"), ("paid_without_ticket", "healed"),
        ("paid_without_ticket", "healed"), ("paid_without_ticket", "healing"),
    ]  # fmt: skip
    settle()
    later()
    assert [status_of(each) for each in (unheard, cancelled, twice, stuck, failed)] == [
        "confirmed", "cancelled", "confirmed", "confirmed", "cancelled",
    ]  # fmt: skip
    assert look() == []
    assert not Finding.objects.exclude(state="healed").exists()
    check_money()
    check_invariants()


def test_the_clock_looks_at_what_is_not_long_ago_and_by_hand_everything_is(ticket):
    later = LATE + reconciling.LATELY
    SandboxCharge.objects.update(amount=4000)
    assert look(later) == []
    left_open("amount_differs", finds=lambda: look(later, everything=True))
    assert look(later) == []
    assert Finding.objects.get().state == "open"  # which nobody has looked at since


@pytest.mark.django_db(transaction=True)
def test_nothing_is_found_while_many_book_pay_and_give_back(ada):
    events = [ada.lists(capacity=30) for _ in range(2)]

    def live(n):
        person = Actor()
        for round_ in range(3):
            booking = person.books(events[n % 2])
            pays(person, booking, DECLINED if round_ == 1 else "pm_card_visa")
            if (n + round_) % 2:
                person.delete(f"/bookings/{booking['bookingId']}")

    def background():
        for _ in range(3):
            settle()

    def watch():
        return [look(timedelta(0), everything=True) for _ in range(6)]

    *_, first, second = at_once([*(lambda n=n: live(n) for n in range(6)), background, watch, watch])
    assert first == second == [[]] * 6
    for _ in range(2):
        settle()
    settle(timezone.now() + timedelta(minutes=1))
    assert look(everything=True) == []
    assert not Finding.objects.exists()
    assert {*Booking.objects.values_list("status", flat=True)} >= {"confirmed", "cancelled"}
    check_money()
    check_invariants()


@pytest.mark.django_db(transaction=True)
def test_a_refund_that_is_just_being_given_differs_from_nothing(ada, ben):
    payment = paid(ben, ben.books(ada.lists(capacity=2), 2))
    settle()
    Payment.objects.update(created_at=F("created_at") - LATE)

    def give():
        for _ in range(25):
            assert refunds(ada, payment, amount=10)[0] == 201

    def watch():
        return [look(timedelta(0), everything=True) for _ in range(25)]

    *_, first, second = at_once([give, give, watch, watch])
    assert first == second == [[]] * 25
    check_money()


def test_a_refund_between_the_two_books_being_read_differs_from_nothing(ada, ticket):
    now = timezone.now() + LATE
    ((payment,),) = ledger._pages(now - timedelta(days=1), now)
    refunds(ada, ticket, amount=10)
    (entry,) = ledger.PROVIDER.entries([payment.order(now)]).values()
    assert (payment.refunding, entry.refunded) == (0, 10)
    assert ledger._compared(payment, entry, now) is None


def test_who_has_come_to_the_banks_page_meanwhile_is_not_sent_away(ben, booking):
    pays(ben, booking, AUTHENTICATES)
    now = timezone.now() + LATE
    Payment.objects.update(status="processing")
    ((_, heal),) = ledger.differences(now - timedelta(days=1), now)
    Payment.objects.update(status="requires_action")
    assert heal() == "open"
    assert SandboxCharge.objects.get().status == "requires_action"


@pytest.mark.django_db(transaction=True)
def test_several_who_reconcile_at_once_give_back_once(ben, booking):
    paid(ben, booking)
    settle()
    ben.delete(f"/bookings/{booking['bookingId']}")
    lose_messages()
    at_once([look] * 4)
    later()
    assert captured(booking) == [(5000, 5000)]
    assert Refund.objects.count() == 1
    healed("paid_without_ticket")


def findings(person, query=""):
    status, told = person.get(f"/payments/findings{query}")
    assert status == 200, told
    return told["items"]


def test_organisers_read_what_was_found_of_their_own_events(ada, ben, cy, nobody, ticket):
    other = ada.books(cy.lists())
    paid(ada, other)
    settle()
    SandboxCharge.objects.update(amount=1)
    SandboxCharge.objects.create(
        key="by hand", reference="x", method="?", amount=9, currency="EUR", status="succeeded",
        at=timezone.now(),
    )  # fmt: skip
    assert [kind for kind, _ in look()] == ["amount_differs", "amount_differs", "charge_unknown"]
    (mine,) = findings(ada)
    told = ("kind", "state", "paymentId", "bookingId", "eventId", "closedAt")
    assert [mine[name] for name in told] == [
        "amount_differs", "open", ticket["paymentId"], ticket["bookingId"], ticket["eventId"], None,
    ]  # fmt: skip
    assert [each["eventId"] for each in findings(cy)] == [other["eventId"]]
    assert (
        findings(ben) == findings(ada, f"?eventId={other['eventId']}") == findings(ada, "?state=gone") == []
    )
    assert findings(ada, f"?eventId={ticket['eventId']}&state=open") == [mine]
    assert nobody.get("/payments/findings")[1]["code"] == "not_signed_in"


def test_one_that_cannot_be_healed_keeps_no_other_waiting(ada, ben):
    event = ada.lists()
    for _ in range(2):
        pays(ben, ben.books(event), LOST)
    Payment.objects.update(next_at=None)
    broken = Payment.objects.order_by("pk").first()
    with connection.cursor() as cursor:  # what is wrong with it is beyond us
        cursor.execute(
            "CREATE FUNCTION payments_broken_v1() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'not today'; END $$;"
            "CREATE TRIGGER broken BEFORE UPDATE ON payments_payment FOR EACH ROW"
            f" WHEN (OLD.payment_id = '{broken.pk}') EXECUTE FUNCTION payments_broken_v1()"
        )
    for _ in range(rules.MOST_TRIES + 1):
        assert ("outcome_unheard", "open") in look()
    assert [*Payment.objects.order_by("pk").values_list("status", flat=True)] == ["processing", "succeeded"]
    of_both = Finding.objects.filter(kind="outcome_unheard").order_by("about")
    assert [*of_both.values_list("state", "tries")] == [("open", 3), ("healed", 1)]
