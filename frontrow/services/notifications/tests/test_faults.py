"""Whatever is broken here, bookings go on; and when it heals, each thing is told once."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from frontrow.chassis import handover, outbox, periodic
from frontrow.chassis.models import Delivery as Handing
from frontrow.chassis.models import Job
from frontrow.services.notifications import handlers
from frontrow.services.notifications.models import Delivery, Notification
from tests.cast import settle

pytestmark = pytest.mark.django_db
REGISTERED = {"username": "dee", "email": "dee@example.org", "password": "correct horse battery"}


def dee(ada):
    """Somebody with an address."""
    _, account = ada.post("/register", REGISTERED)
    return account["userId"]


def hand_over(until=timedelta(0)):
    """Relay and hand over all that is due by then."""
    outbox.relay()
    while handover.deliver(timezone.now() + until):
        pass


def test_with_the_listener_raising_bookings_go_on_and_are_told_once_when_it_heals(ada, ben, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a bug")

    event = ada.lists()
    settle()
    with monkeypatch.context() as broken_code:
        broken_code.setattr(handlers, "tell_of_bookings", broken)
        first, second = ben.books(event), ben.books(event)
        for hours in range(12):
            hand_over(timedelta(hours=hours))
        assert ben.get(f"/bookings/{first['bookingId']}")[1]["status"] == "held"
        waiting = Handing.objects.filter(listener="notifications")
        assert [handing.parked_at is not None for handing in waiting] == [True, True]
        assert not Notification.objects.exists()
    waiting.update(parked_at=None, next_at=timezone.now(), attempts=0)  # what an operator does
    hand_over()
    told = Notification.objects.filter(kind="booking_held").values_list("booking_id", flat=True)
    assert sorted(map(str, told)) == sorted([first["bookingId"], second["bookingId"]])


def test_with_the_mail_server_refusing_bookings_go_on_and_mails_arrive_once_when_it_heals(
    ada, monkeypatch, clock
):
    backend = type(mail.get_connection())

    def refuse(*_):
        raise ConnectionRefusedError

    with monkeypatch.context() as away:
        away.setattr(backend, "open", refuse)
        dee(ada)
        settle()
        assert ada.lists()["status"] == "published"
        assert (mail.outbox, Delivery.objects.get().state) == ([], "waiting")
    clock.shift(timedelta(minutes=2))
    for _ in range(3):
        settle()
    assert [message.subject for message in mail.outbox] == ["Welcome to Frontrow"]


def test_mail_has_a_thread_of_its_own():
    assert periodic._tasks["notifications.send_mail"].thread != periodic.CLOCK


def test_a_whole_life_by_mail(ada, ben, monkeypatch):
    """Registered, held, given back: by the services' own messages and jobs."""
    user_id = dee(ada)
    _, session = ada.post("/login", {"username": "dee", "password": REGISTERED["password"]})
    ben.token = session["accessToken"]
    event = ada.lists(price=0)
    booking = ben.books(event, 2)
    settle()
    ben.delete(f"/bookings/{booking['bookingId']}")
    settle()
    Job.objects.all().delete()
    settle()
    _, page = ben.get(f"/notifications/{user_id}")
    assert [item["kind"] for item in page["items"]] == [
        "booking_cancelled",
        "booking_confirmed",
        "user_registered",
    ]
    assert sorted(message.subject for message in mail.outbox) == [
        "Booking cancelled: An evening with Clara",
        "Welcome to Frontrow",
        "Your tickets: An evening with Clara",
    ]
