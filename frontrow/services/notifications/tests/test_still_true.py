"""Between news and mail much can happen: what reaches a person is true, in time, and once."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail

from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import TooMany, Unavailable
from frontrow.services.notifications import announcement, clients, mailing, notification, rules
from frontrow.services.notifications.letter import letter
from frontrow.services.notifications.models import Delivery, Event, Notification
from frontrow.services.notifications.notification import tell
from frontrow.services.notifications.telling import Draft

from .stage import BEN, BOOKING, EVENT, MAILED, NOW, ben_is_known, heard, kinds, told
from .test_announcement import LATER, START, holders, work_off  # noqa: F401
from .test_mailing import subjects, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def sending(monkeypatch):
    """Let something happen whenever a message is about to be sent."""
    backend = type(mail.get_connection())
    send = backend.send_messages

    def first(act):
        def then_send(connection, messages):
            act(messages[0])
            return send(connection, messages)

        monkeypatch.setattr(backend, "send_messages", then_send)

    return first


@pytest.fixture(autouse=True)
def _ben():
    ben_is_known()


def test_bad_addresses_keep_nobody_waiting(sending):
    def refuse_some(message):
        if "bad" in message.to[0]:
            raise smtplib.SMTPRecipientsRefused({"bad": (550, b"no such user")})

    sending(refuse_some)
    heard("event.published")
    for number in range(40):
        heard(
            "user.registered", userId=new_id(), username=f"bad{number}", email=f"bad{number}@nowhere.example"
        )
    heard("booking.held")
    mailing.send_due(MAILED)
    assert subjects() == ["Held for you"]


def test_what_was_written_to_many_waits_for_what_has_a_deadline():
    heard("event.published")
    write(mailing.AT_ONCE + 10)
    heard("booking.held")
    mailing.send_due(MAILED)
    assert subjects()[0] == "Held for you"


def test_a_slow_server_does_not_make_a_second_runner_send_the_same(sending, clock):
    heard("event.published")
    write(3)

    def takes_long(message):
        clock.shift(mailing.LEASE - timedelta(seconds=1))
        if len(mail.outbox) == 2:
            mailing.send_due(NOW + 2 * mailing.LEASE)

    sending(takes_long)
    mailing.send_due(NOW)
    assert sorted(subjects()) == ["Word 0", "Word 1", "Word 2"]


def test_a_change_heard_before_what_it_changes_reaches_those_who_had_booked(holders):  # noqa: F811
    heard("event.updated", NOW + timedelta(days=2), version=2, **LATER)
    heard("event.published", NOW, version=1)
    holders(BEN, booking_id=BOOKING)
    heard("booking.confirmed", bookingDate=(NOW + timedelta(days=1)).isoformat())
    work_off(NOW + timedelta(days=3))
    assert "event_changed" in kinds()


def test_a_change_that_was_changed_again_is_told_as_it_is_now(holders):  # noqa: F811
    holders(BEN)
    heard("event.published")
    heard("event.updated", version=2, location="Elsewhere")
    work_off()
    heard("event.updated", version=3, location="Philharmonie, Berlin")
    work_off()
    mailing.send_due(NOW)
    bodies = [message.body for message in mail.outbox]
    assert bodies
    assert not any("Elsewhere\n" in body or "Where: Elsewhere" in body for body in bodies)


def test_a_change_that_was_taken_back_before_its_mail_went_is_not_mailed(holders):  # noqa: F811
    holders(BEN)
    heard("event.published")
    heard("event.updated", version=2, location="Elsewhere")
    work_off()
    heard("event.updated", version=3)
    mailing.send_due(NOW)
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("status", "outdated"), [("expired", False), ("confirmed", True), ("cancelled", True)]
)
def test_that_a_hold_ended_is_not_told_to_whom_got_a_ticket_after_all(status, outdated):
    assert rules.is_outdated(rules.BOOKING_EXPIRED, {"event": {}}, status, None, NOW) is outdated


def test_nobody_is_reminded_of_a_date_that_is_no_more(holders, monkeypatch):  # noqa: F811
    holders(BEN)
    heard("event.published")
    soon, page = START - timedelta(hours=23), clients.holders
    announcement.remind(soon)
    monkeypatch.setattr(clients, "holders", lambda *_: (_ for _ in ()).throw(Unavailable()))
    work_off(soon)
    june = {"date": "2030-06-01T18:00:00+00:00", "endDate": "2030-06-01T21:00:00+00:00"}
    heard("event.updated", soon, version=2, **june)
    monkeypatch.setattr(clients, "holders", page)
    work_off(soon + timedelta(minutes=1))
    assert "event_reminder" not in kinds()


def test_after_a_long_outage_a_mail_has_more_than_one_chance(sending):
    heard("event.published")
    heard("booking.cancelled")

    def come_again(message):
        raise smtplib.SMTPDataError(451, b"later")

    sending(come_again)
    mailing.send_due(NOW + rules.GIVE_UP_AFTER + timedelta(hours=3))
    assert Delivery.objects.get(notification__kind="booking_cancelled").state == "waiting"


def test_events_that_nobody_knows_do_not_keep_those_waiting_that_we_heard_of(monkeypatch):
    def away(event_id):
        raise Unavailable

    monkeypatch.setattr(clients, "event_facts", away)
    for _ in range(notification.EVENTS_AT_ONCE):
        ids = {"eventId": new_id(), "bookingId": new_id(), "userId": new_id()}
        heard("booking.confirmed", NOW - timedelta(minutes=1), **ids)
    heard("booking.confirmed", NOW - timedelta(seconds=30))
    heard("event.published")
    notification.tell_waiting(NOW)
    assert kinds() == ["booking_confirmed"]


def test_who_does_not_want_a_mail_any_more_does_not_get_it():
    heard("event.published")
    heard("booking.held")
    notification.want_by_mail(BEN, {"booking_held": False})
    mailing.send_due(NOW)
    assert mail.outbox == []


def test_an_administrator_does_not_speak_as_the_organizer(holders):  # noqa: F811
    holders(BEN)
    heard("event.published")
    announcement.to_holders(EVENT, None, "", "We close Frontrow tomorrow", NOW)
    work_off()
    assert "– Frontrow writes:" in told("organizer_message").message


def test_who_booked_nothing_is_not_told_that_they_did():
    draft = Draft(
        user_id=BEN,
        kind=rules.ORGANIZER_MESSAGE,
        cause=new_id(),
        facts={"subject": "", "message": "Hi"},
        date=NOW,
    )
    tell([draft], NOW)
    mail = letter(Notification.objects.get(), "a@b.example", "Ben", [], NOW)
    assert "because you have an account" in mail.body


def test_an_organizer_does_not_write_without_end(holders):  # noqa: F811
    heard("event.published")
    organizer = Event.objects.get().organizer_id
    for _ in range(announcement.LIMIT.most):
        announcement.to_holders(EVENT, organizer, "", "Again", NOW)
    with pytest.raises(TooMany):
        announcement.to_holders(EVENT, organizer, "", "Again", NOW)
    announcement.to_holders(EVENT, None, "", "An administrator may", NOW)


def test_nobody_is_left_to_write_to_of_a_cancelled_event(holders):  # noqa: F811
    heard("event.cancelled")
    organizer = Event.objects.get().organizer_id
    with pytest.raises(announcement.EventCancelled):
        announcement.to_holders(EVENT, organizer, "", "Sorry", NOW)
