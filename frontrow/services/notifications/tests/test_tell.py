"""What people are told of what happens: each thing once, whatever order the news come in."""

import random
from datetime import timedelta

import pytest
from django.db import transaction

from frontrow.chassis import listener
from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import Unavailable
from frontrow.services.notifications import clients, known, notification
from frontrow.services.notifications.models import Booking, Delivery, Event, Notification, Person, Snapshot

from .stage import BEN, BOOKING, EVENT, NOW, hear, heard, kinds, news, told

pytestmark = pytest.mark.django_db
MINE = {"userId": BEN, "eventId": EVENT, "bookingId": BOOKING}


def a_life():
    """The news of a booking's life, in order."""
    return [
        news("user.registered", NOW, userId=BEN),
        news("event.published", NOW),
        news("booking.held", NOW + timedelta(minutes=1), version=1),
        news("payment.failed", NOW + timedelta(minutes=2), **MINE),
        news("booking.confirmed", NOW + timedelta(minutes=3), version=2),
        news("refund.succeeded", NOW + timedelta(minutes=4), **MINE),
        news("booking.cancelled", NOW + timedelta(minutes=5), version=3, reason="refunded"),
    ]


LIFE = [
    "user_registered", "booking_held", "payment_failed", "booking_confirmed", "refund_succeeded",
    "booking_cancelled",
]  # fmt: skip


def test_a_booking_is_told_from_beginning_to_end():
    hear(*a_life())
    assert kinds() == LIFE
    assert set(Delivery.objects.values_list("notification__kind", flat=True)) == set(LIFE)


def in_some_order(messages, seed):
    return random.Random(seed).sample(messages, len(messages))  # noqa: S311 - nothing secret


@pytest.mark.parametrize("seed", range(8))
def test_in_any_order_and_repeated_it_is_the_same(seed):
    again = [*a_life(), *a_life()]
    shuffled = in_some_order(again, seed)
    hear(*shuffled, *shuffled[:3])
    notification.tell_waiting(NOW)
    assert kinds() == LIFE
    assert Delivery.objects.count() == len(LIFE)
    assert Booking.objects.get().status == "cancelled"
    assert not Notification.objects.untold().exists()


@pytest.mark.parametrize("seed", range(8))
def test_several_lives_heard_in_bundles_are_the_same(seed):
    people = [{"userId": new_id(), "bookingId": new_id()} for _ in range(3)]
    bookings = [
        news(f"booking.{status}", NOW, version=version, **ids)
        for ids in people
        for version, status in ((1, "held"), (2, "confirmed"), (3, "expired"))
    ]
    shuffled = in_some_order(bookings * 2, seed)
    heard("event.published")
    for kind in {message.type for message in shuffled}:
        with transaction.atomic():
            listener.hear("notifications", *(message for message in shuffled if message.type == kind))
    for ids in people:
        assert sorted(kinds(ids["userId"])) == ["booking_confirmed", "booking_expired", "booking_held"]
        assert Booking.objects.get(pk=ids["bookingId"]).version == 3
    assert Delivery.objects.count() == len(bookings)


def test_a_notification_keeps_the_words_and_the_event_it_was_told_with():
    hear(*a_life()[:3])
    before = told("booking_held")
    heard("event.updated", version=2, title="Two evenings", location="Elsewhere")
    after = told("booking_held")
    assert (after.subject, after.message) == (before.subject, before.message)
    assert after.facts["event"]["title"] == "An evening with Clara"
    assert (after.event_id, after.booking_id, after.date) == (EVENT, BOOKING, NOW + timedelta(minutes=1))


def test_what_was_told_stays_when_its_event_changes_or_is_gone():
    hear(*a_life()[:3])
    heard("event.updated", version=2, title="Two evenings")
    heard("booking.confirmed", version=2)
    Event.objects.all().delete()
    assert told("booking_held").subject == "Held for you: An evening with Clara"
    assert told("booking_confirmed").subject == "Your tickets: Two evenings"
    assert [each.version for each in Snapshot.objects.order_by("version")] == [1, 2]


def test_whatever_people_write_is_told_as_it_is():
    odd = """a "b" {c,d} \\n 'e' NULL é 🎻\nf"""
    heard("event.published", title=odd[:-2])
    heard("payment.failed", **MINE, code="x", reason=odd)
    assert odd in told("payment_failed").message
    assert odd[:-2] in told("payment_failed").message


def test_two_failed_payments_are_two_notifications():
    heard("event.published")
    heard("payment.failed", **MINE, paymentId=new_id())
    heard("payment.failed", **MINE, paymentId=new_id())
    assert kinds() == ["payment_failed"] * 2


def test_a_failed_payment_tells_the_deadline_only_while_the_hold_lives():
    hear(*a_life()[1:3])
    heard("payment.failed", **MINE)
    assert "We hold your places until Monday, 1 April 2030, 11:45 CEST." in told("payment_failed").message
    heard("booking.expired")
    heard("payment.failed", **MINE, paymentId=new_id())
    both = list(Notification.objects.filter(kind="payment_failed").order_by("pk"))
    notification.in_language(both, "en")
    assert ["We hold" in each.message for each in both] == [True, False]


def test_a_cancelled_event_is_told_once_however_many_bookings():
    heard("event.published")
    for booking in (BOOKING, new_id()):
        heard("booking.cancelled", reason="event_cancelled", bookingId=booking)
    assert kinds() == ["event_cancelled"]


def test_a_cancellation_said_again_for_late_money_is_told_once():
    heard("event.published")
    heard("booking.cancelled", reason="paid_too_late", version=3)
    heard("booking.cancelled", reason="paid_too_late", version=3)
    assert kinds() == ["booking_cancelled"]
    assert "All of your money goes back" in told("booking_cancelled").message


def test_old_news_of_a_person_change_nothing():
    heard("user.updated", userId=BEN, version=3, email="new@example.org")
    heard("user.registered", userId=BEN, version=1, email="old@example.org")
    assert Person.objects.get().email == "new@example.org"


class TestWaiting:
    def test_what_comes_before_its_event_cannot_be_read_until_that_is_known(self):
        heard("booking.held")
        assert kinds() == []
        assert not Delivery.objects.exists()
        heard("event.published")
        assert notification.tell_waiting(NOW) == 1
        assert told("booking_held").subject == "Held for you: An evening with Clara"
        assert Delivery.objects.count() == 1
        assert notification.tell_waiting(NOW) == 0

    def test_the_event_is_asked_for_when_its_news_do_not_come(self, monkeypatch):
        asked = []

        def answer(event_id):
            asked.append(event_id)
            return news("event.published").data

        monkeypatch.setattr(clients, "event_facts", answer)
        heard("booking.held")
        notification.tell_waiting(NOW)
        assert asked == []
        notification.tell_waiting(NOW + notification.PATIENCE)
        assert asked == [EVENT]
        assert kinds() == ["booking_held"]
        assert Event.objects.get().title == "An evening with Clara"

    def test_without_any_event_it_is_told_all_the_same(self, monkeypatch):
        monkeypatch.setattr(clients, "event_facts", lambda event_id: None)
        heard("booking.held")
        notification.tell_waiting(NOW + notification.PATIENCE)
        assert told("booking_held").subject == "Held for you: your event"

    def test_while_events_is_away_one_waits_and_another_does_not(self, monkeypatch):
        other = new_id()

        def answer(event_id):
            if event_id == EVENT:
                raise Unavailable
            return news("event.published", eventId=other).data

        monkeypatch.setattr(clients, "event_facts", answer)
        heard("booking.held")
        heard("booking.held", eventId=other, bookingId=new_id())
        assert notification.tell_waiting(NOW + notification.PATIENCE) == 1
        monkeypatch.setattr(clients, "event_facts", lambda event_id: news("event.published").data)
        assert notification.tell_waiting(NOW + notification.PATIENCE) == 1
        assert kinds() == ["booking_held"] * 2

    def test_a_real_event_and_a_real_person_are_found(self, ada):
        event = ada.lists()
        assert (
            known.event_of(event_id := Event(event_id=event["eventId"]).event_id, NOW).title == event["title"]
        )
        assert known.event_of(new_id(), NOW) is None
        assert known.person_of(new_id()) is None
        assert str(Event.objects.get().pk) == event_id


class TestPreferences:
    def test_everything_is_wanted_until_one_says_otherwise(self):
        assert set(notification.wanted_by_mail(BEN).values()) == {True}

    def test_what_is_not_wanted_by_mail_is_told_in_the_app_alone(self):
        notification.want_by_mail(BEN, {"booking_held": False})
        hear(*a_life())
        assert kinds() == LIFE
        assert not Delivery.objects.filter(notification__kind="booking_held").exists()
        assert Delivery.objects.count() == len(LIFE) - 1

    def test_a_wish_can_be_taken_back_and_leaves_others_alone(self):
        notification.want_by_mail(BEN, {"booking_held": False, "booking_expired": False})
        wanted = notification.want_by_mail(BEN, {"booking_held": True})
        assert [kind for kind, wish in wanted.items() if not wish] == ["booking_expired"]
        assert set(notification.wanted_by_mail(new_id()).values()) == {True}


def test_reading_is_noted_once():
    hear(*a_life()[:3])
    first = told("booking_held")
    notification.read(BEN, [first.pk], NOW)
    notification.read(BEN, None, NOW + timedelta(hours=1))
    assert told("booking_held").read_at == NOW
    assert told("user_registered").read_at == NOW + timedelta(hours=1)
    notification.read(new_id(), [first.pk], NOW + timedelta(hours=2))
    assert told("booking_held").read_at == NOW


@pytest.mark.parametrize("versions", [(3, 4), (4, 3)])
def test_of_two_news_of_a_booking_that_come_together_the_newer_stays(versions):
    heard("event.published")
    with transaction.atomic():
        listener.hear("notifications", *(news("booking.cancelled", version=each) for each in versions))
    assert Booking.objects.get().version == 4
    assert kinds() == ["booking_cancelled"]
