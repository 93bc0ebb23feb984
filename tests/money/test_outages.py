"""What is not needed to sell may be down: bookings and payments go on, and nothing of it is lost or doubled."""

from collections import Counter
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from frontrow.chassis import listener, parked
from frontrow.chassis.models import Delivery
from frontrow.services.notifications.models import Delivery as Mail
from frontrow.services.notifications.models import Notification
from tests.cast import settle

from .stage import captured, check_money, paid, status_of

pytestmark = pytest.mark.django_db
KINDS = {"booking_held": 1, "booking_confirmed": 1, "booking_cancelled": 1, "refund_succeeded": 1}


class Refusing(EmailBackend):
    """A mail server that is not there."""

    def open(self) -> None:
        raise ConnectionRefusedError("no mail today")

    send_messages = open  # type: ignore[assignment]


@pytest.fixture
def ben(nobody, ben):
    """Ben, with an account, so that there is somebody to write to."""
    body = {"username": "ben", "email": "ben@example.org", "password": "correct horse"}
    _, person = nobody.post("/register", body)
    _, session = nobody.post("/login", {"username": "ben", "password": "correct horse"})
    ben.token, ben.user_id = session["accessToken"], person["userId"]
    return ben


def buys_and_gives_back(ada, ben):
    booking = ben.books(ada.lists(), 2)
    paid(ben, booking)
    settle()
    assert status_of(booking) == "confirmed"
    ben.delete(f"/bookings/{booking['bookingId']}")
    settle()
    assert captured(booking) == [(5000, 5000)]
    check_money()
    return booking


def told(ben):
    kinds = Counter(
        Notification.objects.filter(user_id=ben.user_id, told=True).values_list("kind", flat=True)
    )
    return {kind: count for kind, count in kinds.items() if kind != "user_registered"}


def test_without_a_mail_server_all_goes_on_and_each_mail_is_sent_once_when_it_is_back(ada, ben, settings):
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    buys_and_gives_back(ada, ben)
    assert told(ben) == KINDS
    assert mail.outbox == []
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    now = timezone.now()
    for minutes in (5, 10, 15):
        settle(now + timedelta(minutes=minutes))
    subjects = Counter(message.subject.split(":")[0] for message in mail.outbox)
    assert max(subjects.values()) == 1
    assert {"Booking cancelled", "Refund of €50", "Welcome to Frontrow"} <= set(subjects)
    assert not Mail.objects.filter(state="waiting").exists()


def test_a_listener_that_raises_holds_nobody_up_and_is_replayed_once_when_it_is_mended(ada, ben, monkeypatch):
    broken = {place: handler for place, handler in listener._handlers.items() if place[0] == "notifications"}

    def raises(message):
        raise RuntimeError("broken")

    for place in broken:
        monkeypatch.setitem(listener._handlers, place, raises)
    buys_and_gives_back(ada, ben)
    assert told(ben) == {}
    waiting = Delivery.objects.filter(listener="notifications")
    assert all(each.attempts for each in waiting)
    waiting.update(attempts=9, next_at=timezone.now())
    settle()
    assert waiting.filter(parked_at=None).count() == 0
    assert {each.error for each in waiting} == {"RuntimeError: broken"}

    for place, handler in broken.items():
        monkeypatch.setitem(listener._handlers, place, handler)
    settle()
    assert told(ben) == {}
    names = [parked.Name(each.listener, each.message_id) for each in waiting]
    assert parked.replay(names, timezone.now()) == len(names)
    settle()
    assert told(ben) == KINDS
    settle()
    assert told(ben) == KINDS
