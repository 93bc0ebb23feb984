"""Each mail sent once; failures wait and keep no other waiting; a server that is away is left alone."""

import json
import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from icalendar import Calendar

from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import Unavailable
from frontrow.services.notifications import clients, mailing, rules
from frontrow.services.notifications.models import GIVEN_UP, SENT, SKIPPED, WAITING, Delivery
from frontrow.services.notifications.notification import tell
from frontrow.services.notifications.telling import Draft

from .stage import BEN, BOOKING, MAILED, NOW, ben_is_known, ben_is_told_of_the_change, heard, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _known():
    ben_is_known()
    heard("event.published")


def subjects():
    return [message.subject.split(":")[0] for message in mail.outbox]


def state(kind="booking_held"):
    return Delivery.objects.get(notification__kind=kind)


def write(count):
    """So many notifications that are due, oldest first."""
    for number in range(count):
        draft = Draft(
            user_id=BEN, kind=rules.ORGANIZER_MESSAGE, cause=new_id(), date=NOW,
            facts={"subject": f"Word {number}", "message": "Dear all"},
        )  # fmt: skip
        tell([draft], NOW - timedelta(seconds=count - number))


class Server:
    """A mail server that is away, or refuses some messages."""

    def __init__(self, monkeypatch):
        self.away, self.refused, self.tries, self.opened = False, set(), [], 0
        backend = type(mail.get_connection())
        send = backend.send_messages

        def opening(connection):
            self.opened += 1
            if self.away:
                raise ConnectionRefusedError(111, "Connection refused")

        def sending(connection, messages):
            self.tries.append(messages[0].subject)
            if messages[0].subject in self.refused:
                raise smtplib.SMTPDataError(451, b"ben@example.org: try again")
            return send(connection, messages)

        monkeypatch.setattr(backend, "open", opening, raising=False)
        monkeypatch.setattr(backend, "send_messages", sending)


@pytest.fixture
def server(monkeypatch):
    return Server(monkeypatch)


def test_a_mail_is_sent_once():
    heard("booking.held")
    mailing.send_due(MAILED)
    mailing.send_due(NOW + timedelta(hours=1))
    assert subjects() == ["Held for you"]
    assert (state().state, state().sent_at, state().attempts) == (SENT, MAILED, 1)


def test_places_that_are_held_are_told_of_once_there_was_time_to_pay():
    heard("booking.held")
    mailing.send_due(MAILED - timedelta(milliseconds=1))
    assert subjects() == []


def test_nobody_is_asked_to_pay_for_what_they_have_paid():
    heard("booking.held")
    heard("booking.confirmed", version=2)
    mailing.send_due(NOW)
    mailing.send_due(MAILED)
    assert subjects() == ["Your tickets"]
    assert (state().state, state().sent_at) == (SKIPPED, None)


def test_a_person_not_heard_of_is_asked_for(monkeypatch):
    somebody = new_id()
    facts = {
        "userId": str(somebody),
        "username": "dee",
        "email": "dee@example.org",
        "profileInfo": {},
        "version": 1,
    }
    monkeypatch.setattr(clients, "user_facts", lambda user_id: facts)
    heard("booking.held", userId=somebody)
    mailing.send_due(MAILED)
    assert mail.outbox[0].to == ["dee@example.org"]
    assert "Hello dee," in mail.outbox[0].body


def test_who_is_gone_gets_no_mail(monkeypatch):
    monkeypatch.setattr(clients, "user_facts", lambda user_id: None)
    heard("booking.held", userId=new_id())
    mailing.send_due(MAILED)
    assert (mail.outbox, state().state) == ([], SKIPPED)


def test_a_mail_waits_while_users_is_away(monkeypatch):
    def away(user_id):
        raise Unavailable

    monkeypatch.setattr(clients, "user_facts", away)
    heard("booking.held", userId=new_id())
    mailing.send_due(MAILED)
    assert (mail.outbox, state().state, state().error) == ([], WAITING, "Unavailable")


class TestFailures:
    def test_one_that_is_refused_waits_and_keeps_no_other_waiting(self, server):
        write(3)
        server.refused = {"Word 0"}
        mailing.send_due(NOW)
        assert subjects() == ["Word 1", "Word 2"]
        waiting = Delivery.objects.get(state=WAITING)
        assert (waiting.attempts, waiting.next_at) == (1, NOW + timedelta(seconds=30))
        server.refused = set()
        mailing.send_due(NOW + timedelta(seconds=29))
        assert len(mail.outbox) == 2
        mailing.send_due(NOW + timedelta(seconds=30))
        assert subjects() == ["Word 1", "Word 2", "Word 0"]

    def test_it_is_given_up_after_two_days_and_loudly(self, server, lines):
        write(1)
        server.refused = {"Word 0"}
        now = NOW
        for _ in range(40):
            delivery = Delivery.objects.get()
            if delivery.state == GIVEN_UP:
                break
            now = max(now, delivery.next_at)
            mailing.send_due(now)
        assert delivery.state == GIVEN_UP
        assert now - NOW > timedelta(days=2)
        assert 12 < len(server.tries) < 25
        assert "mail_given_up" in events(lines)
        assert delivery.error == "SMTPDataError 451"

    def test_nobody_s_address_is_in_the_logs(self, server, lines):
        write(1)
        server.refused = {"Word 0"}
        mailing.send_due(NOW)
        server.refused = set()
        mailing.send_due(NOW + timedelta(minutes=1))
        assert {"mail_failed", "mail_sent"} <= {*events(lines)}
        assert "ben@" not in json.dumps(lines()) + Delivery.objects.get().error

    def test_a_server_that_is_away_costs_no_attempt_and_is_left_alone_longer_and_longer(self, server):
        write(5)
        server.away = True
        for second in range(600):
            mailing.send_due(NOW + timedelta(seconds=second))
        assert server.tries == []
        assert 12 <= server.opened <= 20  # after 1, 3, 7, 15, 31, 63, and then every 60 seconds
        assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}
        server.away = False
        mailing.send_due(NOW + timedelta(seconds=700))
        assert subjects() == [f"Word {n}" for n in range(5)]

    def test_a_server_that_refuses_one_after_the_other_is_left_alone(self, server):
        write(10)
        server.refused = {f"Word {n}" for n in range(10)}
        mailing.send_due(NOW)
        assert len(server.tries) == mailing.TOO_MANY_FAILURES
        mailing.send_due(NOW + timedelta(milliseconds=500))
        assert len(server.tries) == mailing.TOO_MANY_FAILURES
        server.refused = set()
        for second in range(1, 120):
            mailing.send_due(NOW + timedelta(seconds=second))
        assert sorted(subjects()) == sorted(f"Word {n}" for n in range(10))

    def test_a_clock_put_back_ends_the_pause(self):
        mailing.PAUSE.begin(NOW + timedelta(days=1))
        heard("booking.held")
        mailing.send_due(MAILED)
        assert subjects() == ["Held for you"]

    def test_a_bug_in_one_mail_is_logged_whole_and_stops_no_other(self, monkeypatch, lines):
        write(2)
        letter = mailing.letter

        def broken(notification, *rest):
            if notification.facts["subject"] == "Word 0":
                raise ZeroDivisionError("a bug")
            return letter(notification, *rest)

        monkeypatch.setattr(mailing, "letter", broken)
        mailing.send_due(NOW)
        assert subjects() == ["Word 1"]
        assert "a bug" in json.dumps(lines())


def events(lines):
    return [line["event"] for line in lines()]


class TestClaims:
    def test_only_one_of_those_who_saw_it_gets_it(self):
        heard("booking.held")
        one, other = state(), state()
        assert Delivery.objects.claim(one, NOW + mailing.LEASE)
        assert not Delivery.objects.claim(other, NOW + mailing.LEASE)

    def test_a_mail_whose_runner_died_is_sent_by_the_next_after_the_lease(self):
        heard("booking.held")
        assert Delivery.objects.claim(state(), NOW + mailing.LEASE)
        mailing.send_due(NOW + mailing.LEASE - timedelta(seconds=1))
        assert mail.outbox == []
        mailing.send_due(NOW + mailing.LEASE)
        assert subjects() == ["Held for you"]

    def test_who_lost_the_claim_does_not_undo_what_the_next_did(self):
        heard("booking.held")
        late = state()
        Delivery.objects.claim(late, NOW)
        mailing.send_due(NOW)
        Delivery.objects.conclude(late, state=WAITING, error="late")
        assert (state().state, state().error) == (SENT, "")


class TestCalendars:
    def entries(self, subject):
        (message,) = [m for m in mail.outbox if m.subject.startswith(subject)]
        (part,) = message.attachments
        return part, Calendar.from_ical(part.get_payload(decode=True))

    def test_a_ticket_brings_an_entry_and_a_move_moves_it(self):
        heard("booking.confirmed")
        mailing.send_due(NOW)
        part, first = self.entries("Your tickets")
        assert part["Content-Type"] == 'text/calendar; charset="utf-8"; method="PUBLISH"'
        later = {"date": "2030-12-02T18:00:00+00:00", "endDate": "2030-12-02T21:00:00+00:00"}
        heard("event.updated", version=2, **later)
        ben_is_told_of_the_change()
        mailing.send_due(NOW)
        _, second = self.entries("New time")
        before, after = first.events[0], second.events[0]
        assert (f"{before.start:%H:%M}", f"{after.start:%H:%M}") == ("20:00", "19:00")
        assert before["UID"] == after["UID"]
        assert before["SEQUENCE"] < after["SEQUENCE"]

    def test_a_move_moves_only_what_is_still_booked(self):
        other = new_id()
        for booking in (BOOKING, other):
            heard("booking.confirmed", bookingId=booking)
        heard("booking.cancelled", version=2, bookingId=other)
        heard("event.updated", version=2, location="Elsewhere")
        ben_is_told_of_the_change()
        mailing.send_due(NOW)
        _, moved = self.entries("New place")
        assert [entry["UID"].split("@")[0] for entry in moved.events] == [str(BOOKING)]

    def test_what_is_given_back_takes_its_entry_away(self):
        heard("booking.confirmed")
        mailing.send_due(NOW)
        heard("booking.cancelled", version=2)
        mailing.send_due(NOW)
        part, taken = self.entries("Booking cancelled")
        assert part.get_param("method") == "CANCEL"
        assert taken.events[0]["UID"].startswith(str(BOOKING))

    def test_a_hold_given_back_had_no_entry(self):
        heard("booking.held")
        heard("booking.cancelled", version=2)
        mailing.send_due(NOW)
        assert [message.attachments for message in mail.outbox] == [[]]

    def test_a_cancelled_event_takes_all_entries_away(self):
        other = new_id()
        for booking in (BOOKING, other):
            heard("booking.confirmed", bookingId=booking)
        mailing.send_due(NOW)
        heard("event.cancelled", version=3)
        for booking in (BOOKING, other):
            heard("booking.cancelled", version=2, reason="event_cancelled", bookingId=booking)
        mailing.send_due(NOW)
        _, taken = self.entries("Cancelled")
        assert {entry["UID"].split("@")[0] for entry in taken.events} == {str(BOOKING), str(other)}
        assert told("event_cancelled").facts["event"]["version"] == 3


def test_what_waits_or_was_given_up_is_measured():
    write(2)
    Delivery.objects.filter(notification__facts__subject="Word 0").update(state=GIVEN_UP)
    mailing.measure()
    assert [mailing.STATES.labels(name)._value.get() for name in (WAITING, GIVEN_UP)] == [1, 1]
