"""Who is disabled is out within a token's life, and at once for money: refused by what is known there."""

import threading
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from frontrow.chassis import absences
from frontrow.chassis.absences import AccountDisabled
from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Absence
from frontrow.chassis.tests.fast import Fast
from frontrow.services.bookings import deciding
from frontrow.services.bookings.deciding import Request
from frontrow.services.bookings.door import BookingsDoor
from frontrow.services.bookings.models import Booking, EventStock
from frontrow.services.payments.door import PaymentsDoor
from frontrow.services.payments.models import Payment, Refund
from frontrow.services.users import disabling, user
from frontrow.services.users.models import RefreshToken
from tests.cast import settle
from tests.money.stage import BY_ITSELF, VISA, paid, pays, refunds

pytestmark = pytest.mark.django_db


def code(answer):
    status, problem = answer
    return status, problem.get("code")


def is_out(person):
    assert disabling.disable(person.user_id, timezone.now())
    settle()


OUT = (403, "account_disabled")


class TestMoney:
    def test_booking(self, person, friend):
        event = friend.lists()
        is_out(person)
        assert code(person.post("/bookings", {"eventId": event["eventId"]})) == OUT
        assert not Booking.objects.exists()
        assert friend.books(event)["status"] == "held"

    @pytest.mark.parametrize("card", [VISA, BY_ITSELF])
    def test_paying(self, person, friend, card):
        booking = person.books(friend.lists())
        is_out(person)
        assert code(pays(person, booking, card)) == OUT
        assert not Payment.objects.exists()

    def test_refunding(self, person, friend):
        payment = paid(friend, friend.books(person.lists()))
        is_out(person)
        assert code(refunds(person, payment)) == OUT
        assert not Refund.objects.exists()

    def test_giving_back(self, person, friend):
        booking = person.books(friend.lists())
        is_out(person)
        assert code(person.delete(f"/bookings/{booking['bookingId']}")) == OUT
        assert Booking.objects.get().status == "held"

    def test_who_is_let_in_again_buys_again(self, person, friend):
        event = friend.lists()
        is_out(person)
        assert disabling.enable(person.user_id, timezone.now())
        settle()
        assert person.books(event)["status"] == "held"


@pytest.mark.django_db(transaction=True)
class TestFastDoors:
    def test_booking(self, person, friend):
        event = friend.lists()
        is_out(person)
        with Fast(BookingsDoor()):
            assert code(person.post("/bookings", {"eventId": event["eventId"]})) == OUT
            assert friend.books(event)["status"] == "held"

    def test_booking_what_is_gone(self, person, friend):
        event = friend.lists(capacity=1)
        friend.books(event)
        is_out(person)
        with Fast(BookingsDoor()):
            for _ in range(2):
                assert code(friend.post("/bookings", {"eventId": event["eventId"]})) == (409, "sold_out")
                assert code(person.post("/bookings", {"eventId": event["eventId"]})) == OUT

    def test_paying(self, person, friend):
        booking = person.books(friend.lists())
        is_out(person)
        with Fast(PaymentsDoor()):
            assert code(pays(person, booking)) == OUT


class TestTogether:
    """hold_v4.sql: who is out among many."""

    def decided(self, event, people):
        event_id = UUID(event["eventId"])
        requests = [
            Request(each, event_id, 1, key=f"key {n}", fingerprint="f") for n, each in enumerate(people)
        ]
        return [answer.outcome for answer in deciding.decide(requests, timezone.now())]

    def test_who_is_out_costs_the_others_nothing(self, friend):
        event, people = friend.lists(capacity=3), [new_id() for _ in range(6)]
        settle()
        with transaction.atomic():
            for n in (0, 2, 5):
                absences.learn(people[n], 2, is_out=True)
        some = ["account_disabled", "held", "account_disabled", "held", "held", "account_disabled"]
        assert self.decided(event, people) == some
        whose = Booking.objects.order_by("booking_id").values_list("user_id", "idempotency_key")
        assert list(whose) == [(people[n], f"key {n}") for n in (1, 3, 4)]
        assert EventStock.objects.get().taken == 3

    def test_when_all_are_out(self, friend):
        event, people = friend.lists(), [new_id(), new_id()]
        with transaction.atomic():
            for each in people:
                absences.learn(each, 2, is_out=True)
        assert self.decided(event, people) == ["account_disabled", "account_disabled"]


@pytest.mark.django_db(transaction=True)
def test_who_goes_out_while_they_book_books_nothing(friend, person):
    """They are erased between the first look and their turn: what they booked would be found by nobody."""
    event, user_id = UUID(friend.lists()["eventId"]), person.user_id
    settle()
    with transaction.atomic():
        with connection.cursor() as cursor:  # their turn is not yet: somebody holds the lock of who books
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(user_id)])
        answers = []

        def book():
            try:
                answers.append(deciding.QUEUE.decide(Request(user_id, event, 1), timezone.now()).outcome)
            finally:
                connection.close()

        booking = threading.Thread(target=book)
        booking.start()
        waits_for_a_lock()
        absences.erase(user_id, 2)
    booking.join()
    assert answers == ["account_disabled"]
    assert not Booking.objects.exists()


def waits_for_a_lock():
    """Return once somebody does."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while True:
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return


class TestSessions:
    def test_none_is_renewed_and_nobody_signs_in(self, person):
        session = person.signs_in()
        is_out(person)
        renewal = {"refreshToken": session["refreshToken"]}
        assert person.post("/token/refresh", renewal, Authorization="")[0] == 401
        assert not RefreshToken.objects.filter(revoked_at=None).exists()
        login = {"username": person.username, "password": "correct horse battery"}
        assert code(person.post("/login", login, Authorization="")) == (401, "invalid_credentials")
        assert person.get("/profile")[0] == 404

    def test_twice_is_fine_and_said_once(self, person):
        now = timezone.now()
        assert [disabling.disable(person.user_id, now) for _ in range(2)] == [True, False]
        assert [disabling.enable(person.user_id, now) for _ in range(2)] == [True, False]

    def test_the_last_administrator_stays(self, person):
        user.make_administrator(person.username)
        with pytest.raises(disabling.LastAdministrator):
            disabling.disable(person.user_id, timezone.now())


class TestOldNews:
    def learn(self, user_id, *news):
        for version, out in news:
            with transaction.atomic():
                absences.learn(user_id, version, is_out=out)

    def is_out(self, user_id):
        with transaction.atomic():
            return absences.out([user_id]) == {user_id}

    def test_the_newest_counts_whenever_it_comes(self):
        user_id = new_id()
        self.learn(user_id, (3, False), (2, True))
        assert not self.is_out(user_id)
        self.learn(user_id, (4, True), (3, False))
        assert self.is_out(user_id)

    def test_who_is_erased_stays_so(self):
        user_id = new_id()
        with transaction.atomic():
            absences.erase(user_id, 7)
        self.learn(user_id, (6, False), (5, True))
        assert Absence.objects.get().is_erased
        with pytest.raises(AccountDisabled), transaction.atomic():
            absences.check(user_id)
