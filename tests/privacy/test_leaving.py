"""Leaving: who would lose by it is asked before, what races past that is settled, and nothing comes back."""

import random
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from frontrow.chassis import absences, leftovers, listener
from frontrow.chassis.ids import new_id
from frontrow.chassis.message import Message
from frontrow.chassis.models import Absence, Outbox
from frontrow.services.bookings import ending
from frontrow.services.bookings.models import Booking
from frontrow.services.events.models import Event
from frontrow.services.notifications.models import Notification, Person
from frontrow.services.reviews.models import Booking as Ticket
from frontrow.services.reviews.tests.stage import away, booking_facts, hear_booking
from frontrow.services.users import clients, disabling, erasing, user
from frontrow.services.users.models import RefreshToken, User
from tests.cast import settle
from tests.money.stage import AUTHENTICATES, captured, check_money, paid, pays, refunds
from tests.privacy import scan
from tests.privacy.stage import ABOUT, PASSWORD, SAID, months_go_by, words_of

pytestmark = pytest.mark.django_db


def refused(answer):
    status, problem = answer
    return status, problem["code"]


@pytest.fixture
def nothing_asked(monkeypatch):
    """As if all that follows came to be between the answers of the others and the end of the account."""
    monkeypatch.setattr(erasing, "_ask_the_others", lambda user_id: None)


class TestRefused:
    def test_an_organiser_of_events_that_people_come_to(self, person, friend):
        event = person.lists()
        booking = friend.books(event)
        answer = person.leaves()
        assert refused(answer) == (409, "events_to_come")
        assert answer[1]["events"] == [event["eventId"]]
        friend.delete(f"/bookings/{booking['bookingId']}")
        assert person.leaves() == (204, None)

    def test_who_holds_tickets(self, person, friend):
        booking = person.books(friend.lists(price=0))
        answer = person.leaves()
        assert refused(answer) == (409, "tickets_to_come")
        assert answer[1]["events"] == [booking["eventId"]]
        assert person.delete(f"/bookings/{booking['bookingId']}")[0] == 200
        assert person.leaves() == (204, None)

    def test_who_waits_for_money(self, person, friend):
        booking = person.books(friend.lists())
        paid(person, booking)
        settle()
        assert person.delete(f"/bookings/{booking['bookingId']}")[0] == 200
        hear_all()  # payments owes it now, and has not sent it yet
        assert refused(person.leaves()) == (409, "money_on_its_way")
        settle()
        assert person.leaves() == (204, None)

    def test_whose_payment_waits_at_the_bank(self, person, friend, time_machine):
        booking = person.books(friend.lists(holdMinutes=1))
        assert pays(person, booking, AUTHENTICATES)[0] == 201
        time_machine.move_to(timezone.now() + timedelta(minutes=12))  # the hold was extended once
        ending.expire(timezone.now())
        assert refused(person.leaves()) == (409, "money_on_its_way")

    def test_the_last_administrator(self, person, friend):
        user.make_administrator(person.username)
        assert refused(person.leaves()) == (409, "last_administrator")
        user.make_administrator(friend.username)
        assert person.leaves() == (204, None)

    def test_a_wrong_password_which_counts_as_in_signing_in(self, person, settings):
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"sign_in_failures_per_account": 2})
        person.signs_in()
        for _ in range(2):
            assert refused(person.leaves("wrong")) == (403, "wrong_password")
        assert refused(person.leaves()) == (429, "too_many_requests")
        assert User.objects.filter(pk=person.user_id).exists()

    @pytest.mark.parametrize("service", ["events", "bookings", "payments"])
    def test_while_one_of_those_asked_is_away(self, person, service):
        with away(service):
            status, problem = person.leaves()
        assert (status, problem["code"]) == (503, "unavailable")
        assert service in problem["detail"]
        assert User.objects.filter(pk=person.user_id).exists()

    def test_what_is_sent_besides_the_password(self, person):
        assert person.delete_with("/profile", {})[0] == 422
        assert person.delete_with("/profile", {"password": PASSWORD, "sure": True})[0] == 422


class TestForThem:
    """What operators do for who cannot sign in, or left after the backup that was restored."""

    @pytest.mark.parametrize("name", ["bela.q", "bela@example.org", "id"])
    def test_an_account_is_erased_also_a_disabled_one(self, person, name):
        disabling.disable(person.user_id, timezone.now())
        erasing.erase_for(str(person.user_id) if name == "id" else name)
        settle()
        assert scan.found([ABOUT["email"], str(person.user_id)]) == {}

    def test_nobody_loses_by_it(self, person, friend):
        friend.books(person.lists())
        with pytest.raises(erasing.EventsToCome):
            erasing.erase_for("bela.q")
        user.make_administrator(friend.username)
        friend.delete(f"/bookings/{Booking.objects.get().pk}")
        with pytest.raises(erasing.LastAdministrator):
            erasing.erase_for(friend.username)
        with pytest.raises(user.UnknownLogin):
            erasing.erase_for("nobody")


class TestExport:
    @pytest.mark.parametrize("service", list(clients.OTHERS))
    def test_half_an_export_is_none(self, person, service):
        with away(service):
            status, problem = person.get("/profile/export")
        assert (status, problem["code"]) == (503, "unavailable")
        assert service in problem["detail"]

    def test_it_is_a_file(self, person):
        answer = person.client.get("/profile/export", headers={"Authorization": f"Bearer {person.token}"})
        name = f"frontrow-bela.q-{timezone.now():%Y-%m-%d}.json"
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'

    def test_long_histories_come_page_by_page(self, person, friend, monkeypatch):
        event = friend.lists(price=0, maxPerPerson=10)
        wanted = sorted(person.books(event)["bookingId"] for _ in range(5))
        monkeypatch.setattr("frontrow.chassis.exports.PAGE", 2)
        _, document = person.get("/profile/export")
        assert sorted(row["bookingId"] for row in document["services"]["bookings"]["bookings"]) == wanted

    def test_it_is_limited(self, person):
        assert {person.get("/profile/export")[0] for _ in range(10)} == {200}
        assert refused(person.get("/profile/export")) == (429, "too_many_requests")

    def test_it_is_for_oneself_only(self, person, nobody):
        assert nobody.get("/profile/export")[0] == 401
        assert person.get(f"/internal/export/bookings/{person.user_id}")[0] == 404


class TestGone:
    def test_sessions_end_at_once(self, person):
        session = person.signs_in()
        assert person.leaves() == (204, None)
        assert person.get("/profile")[0] == 404
        renewal = {"refreshToken": session["refreshToken"]}
        assert person.post("/token/refresh", renewal, Authorization="")[0] == 401
        login = {"username": person.username, "password": PASSWORD}
        assert refused(person.post("/login", login, Authorization="")) == (401, "invalid_credentials")
        assert not RefreshToken.objects.exists()

    def test_the_name_is_free_again_and_nothing_is_inherited(self, person):
        assert person.leaves() == (204, None)
        settle()
        again = type(person)(ABOUT["username"], ABOUT["email"], {})
        settle()
        kinds = Notification.objects.filter(user_id=again.user_id).values_list("kind", flat=True)
        assert list(kinds) == ["user_registered"]

    def test_a_token_that_lives_on_writes_nothing(self, person, friend):
        event = friend.lists(price=0)
        old = person.lists(status="draft")
        assert person.leaves() == (204, None)
        settle()
        for answer in (
            person.post("/bookings", {"eventId": event["eventId"]}),
            person.post("/events", {**event_of(old)}),
            person.put(f"/notifications/{person.user_id}/preferences", {"mail": {"event_reminder": False}}),
        ):
            assert refused(answer) == (403, "account_disabled")
        assert set(scan.found([str(person.user_id)])) == set()


def event_of(event):
    names = ("title", "description", "date", "endDate", "timezone", "location")
    return {**{name: event[name] for name in names}, "capacity": 5, "price": 0, "currency": "EUR"}


class TestRaces:
    def test_a_hold_ends(self, person, friend, nothing_asked):
        event = friend.lists(capacity=3)
        person.books(event, 3)
        assert person.leaves() == (204, None)
        settle()
        booking = Booking.objects.get()
        assert (booking.status, booking.end_reason) == ("cancelled", "person")
        assert friend.get(f"/events/{event['eventId']}")[1]["availability"] == 3

    def test_a_paid_ticket_goes_back_in_money(self, person, friend, nothing_asked):
        booking = person.books(friend.lists())
        paid(person, booking)
        settle()
        assert person.leaves() == (204, None)
        settle()
        assert captured(booking) == [(2500, 2500)]
        check_money()
        assert scan.found([str(person.user_id), ABOUT["email"]]) == {}

    def test_a_payment_on_its_way_makes_no_ticket(self, person, friend, nothing_asked):
        booking = person.books(friend.lists())
        paid(person, booking)  # of which bookings has not heard
        news = said()
        Outbox.objects.all().delete()
        assert person.leaves() == (204, None)
        settle()
        hear(news)
        settle()
        assert captured(booking) == [(2500, 2500)]
        check_money()

    def test_a_ticket_of_what_is_over_stays_paid(self, person, friend, time_machine):
        booking = person.books(friend.lists())
        paid(person, booking)
        settle()
        months_go_by(time_machine, person, friend)
        assert person.leaves() == (204, None)
        settle()
        assert Booking.objects.get().status == "confirmed"
        assert captured(booking) == [(2500, 0)]

    def test_an_event_to_come_is_cancelled_and_everybody_gets_their_money(
        self, person, friend, nothing_asked
    ):
        event = person.lists()
        booking = friend.books(event)
        payment = paid(friend, booking)
        settle()
        assert person.leaves() == (204, None)
        settle()
        assert Event.objects.get().status == "cancelled"
        assert captured(booking) == [(2500, 2500)]
        assert friend.get(f"/payments/{payment['paymentId']}")[1]["status"] == "refunded"
        assert "event_cancelled" in Notification.objects.values_list("kind", flat=True)
        assert scan.found([str(person.user_id)]) == {}


def said():
    rows = Outbox.objects.order_by("id")
    return [Message(r.id, r.type, r.key, r.version, r.created_at, r.request_id, r.data) for r in rows]


def hear(messages):
    for message in messages:
        for name in listener.listeners_of(message.type):
            with transaction.atomic():
                listener.hear(name, message)


def hear_all():
    """What was said, and what is said of that."""
    while messages := said():
        Outbox.objects.all().delete()
        hear(messages)


@pytest.mark.parametrize("seed", range(8))
def test_whenever_and_however_often_it_is_heard_nothing_comes_back(person, friend, seed, nothing_asked):
    """Of all that was ever said of Bela, in any order around the message that she is gone."""
    person.put("/profile", {"profileInfo": {"displayName": ABOUT["name"]}})
    mine, theirs = person.lists(description=SAID["description"]), friend.lists(capacity=30)
    for event in (mine, person.lists(price=0, title="Free")):
        friend.books(event)
    paid(friend, friend.books(mine))
    refunds(friend, paid(person, person.books(theirs)), amount=100)
    person.books(friend.lists(price=0))
    assert person.leaves() == (204, None)
    messages = said()
    Outbox.objects.all().delete()
    assert {message.type for message in messages} >= {"user.erased.v1", "user.updated.v1", "booking.held.v1"}
    again = [Message(**{**{n: getattr(m, n) for n in Message.__slots__}, "id": new_id()}) for m in messages]
    shuffled = random.Random(seed).sample(messages + again, 2 * len(messages))  # noqa: S311
    hear(shuffled)
    hear_all()
    settle()
    assert scan.found(words_of(person).values()) == {}
    assert not Person.objects.filter(pk=person.user_id).exists()
    check_money()


def test_a_ticket_that_is_heard_of_late_is_not_kept(person, friend):
    with transaction.atomic():
        absences.erase(person.user_id, 2)
    for who in (person, friend):
        hear_booking(booking_facts(new_id(), who.user_id))
    assert list(Ticket.objects.values_list("user_id", flat=True)) == [friend.user_id]


def test_what_is_kept_of_the_erased_leads_to_nobody(person):
    assert person.leaves() == (204, None)
    settle()
    kept = Absence.objects.get()
    assert (kept.is_out, kept.is_erased) == (True, True)
    assert kept.mark != person.user_id
    assert leftovers.clear() == 0
