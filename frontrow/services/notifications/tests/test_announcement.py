"""What all who hold places are told: of changes, before it begins, and in the organiser's own words."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import Unavailable
from frontrow.services.notifications import announcement, clients
from frontrow.services.notifications.models import Announcement, Event, Notification

from .stage import BEN, BOOKING, EVENT, NOW, heard, kinds, told

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2030-05-01T18:00:00+00:00")
LATER = {"date": "2030-05-02T18:00:00+00:00", "endDate": "2030-05-02T21:00:00+00:00"}
ADA = new_id()


@pytest.fixture
def holders(monkeypatch):
    """The bookings of the event as the bookings service would tell them, in pages of two."""
    rows = []

    def page(event_id, after):
        assert event_id == EVENT
        left = [
            row for row in sorted(rows, key=lambda r: r["bookingId"]) if row["bookingId"] > str(after or "")
        ]
        return left[:2], UUID(left[1]["bookingId"]) if len(left) > 2 else None

    def add(user_id=None, status="confirmed", booking_id=None):
        user_id = user_id or new_id()
        rows.append(
            {
                "bookingId": str(booking_id or new_id()),
                "userId": str(user_id),
                "status": status,
                "quantity": 1,
            }
        )
        return user_id

    add.rows = rows
    monkeypatch.setattr(clients, "holders", page)
    return add


def work_off(now=NOW):
    announcement.work_off(now)
    return list(Notification.objects.order_by("user_id").values_list("user_id", "kind"))


class TestChanges:
    def test_everybody_who_holds_a_place_is_told_once(self, holders):
        people = [holders(), holders(status="held"), holders(), holders(), holders()]
        holders(people[0])  # another booking of the first, on another page
        heard("event.published")
        heard("event.updated", version=2, **LATER)
        heard("event.updated", version=2, **LATER)
        assert work_off() == [(person, "event_changed") for person in sorted(people)]
        assert len(work_off()) == 5
        assert Announcement.objects.get().done_at == NOW
        message = told("event_changed", people[0]).message
        assert (
            "Thursday, 2 May 2030, 20:00–23:00 CEST (it was Wednesday, 1 May 2030, 20:00–23:00 CEST)"
            in message
        )

    @pytest.mark.parametrize("change", [{"title": "Renamed"}, {"maxPerPerson": 4}, {"description": "Longer"}])
    def test_other_changes_are_not_announced(self, change):
        heard("event.published")
        heard("event.updated", version=2, title="An evening with Clara")
        heard("event.updated", version=3, **change)
        assert not Announcement.objects.exists()

    def test_a_cancelled_event_is_not_announced_as_moved(self):
        heard("event.published")
        heard("event.cancelled", version=3, **LATER)
        assert not Announcement.objects.exists()

    def test_two_moves_are_told_each_from_where_the_last_left(self, holders):
        holders(BEN)
        heard("event.published")
        heard("event.updated", version=2, location="Elsewhere")
        heard("event.updated", version=3, location="Nowhere")
        work_off()
        moves = [
            (a.facts["before"]["location"], a.facts["after"]["location"])
            for a in Announcement.objects.order_by("pk")
        ]
        assert moves == [("Konzerthaus, Berlin", "Elsewhere"), ("Elsewhere", "Nowhere")]
        assert kinds() == ["event_changed"] * 2

    def test_new_news_before_old_are_announced_from_what_people_saw(self):
        heard("event.updated", version=3, location="Nowhere")
        assert not Announcement.objects.exists()
        heard("event.published", version=1)
        heard("event.updated", version=2, location="Elsewhere")
        (found,) = Announcement.objects.all()
        assert (found.facts["before"]["location"], found.facts["after"]["location"]) == (
            "Konzerthaus, Berlin", "Nowhere",
        )  # fmt: skip
        assert Event.objects.get().location == "Nowhere"

    def test_old_news_said_again_after_a_change_was_announced_announce_nothing(self):
        heard("event.published")
        heard("event.updated", version=2, location="Elsewhere")
        heard("event.updated", version=3, location="Elsewhere", title="Renamed")
        heard("event.published")
        assert Announcement.objects.count() == 1

    def test_back_and_forth_before_anybody_was_told_otherwise_is_told_both_times(self):
        heard("event.published")
        heard("event.updated", version=2, location="Elsewhere")
        heard("event.updated", version=3)
        assert Announcement.objects.count() == 2

    def test_who_booked_after_the_change_knows_already(self, holders):
        holders(BEN, booking_id=BOOKING)
        early = holders()
        heard("event.published")
        heard("event.updated", version=2, **LATER)
        heard("booking.confirmed", bookingDate=(NOW + timedelta(seconds=1)).isoformat())
        assert (BEN, "event_changed") not in work_off()
        assert kinds(early) == ["event_changed"]


class TestWorkingOff:
    def announced(self):
        heard("event.published")
        return announcement.to_holders(EVENT, None, "", "Dear all", NOW)

    def test_it_goes_on_where_a_crash_left_it(self, holders, monkeypatch):
        people = [holders() for _ in range(7)]
        self.announced()
        page, calls = clients.holders, []

        def breaking(event_id, after):
            calls.append(after)
            if len(calls) == 3:
                raise Unavailable
            return page(event_id, after)

        monkeypatch.setattr(clients, "holders", breaking)
        assert len(work_off()) == 4
        assert len(work_off()) == 4  # not before it is due again
        assert [person for person, _ in work_off(NOW + timedelta(minutes=1))] == sorted(people)
        assert calls[3] == calls[2]

    def test_one_that_fails_keeps_no_other_waiting(self, holders, monkeypatch):
        person, other = holders(), new_id()
        heard("event.published", eventId=other)
        announcement.to_holders(other, None, "", "Fails", NOW - timedelta(hours=1))
        self.announced()  # asking of the other event breaks the double above
        assert work_off() == [(person, "organizer_message")]
        waiting = Announcement.objects.get(done_at=None)
        assert (waiting.event_id, waiting.attempts) == (other, 1)
        assert waiting.next_at > NOW

    def test_a_page_that_another_runner_told_is_left_to_it(self, holders, monkeypatch):
        for _ in range(5):
            holders()
        self.announced()
        page = clients.holders

        def overtaken(event_id, after):
            found = page(event_id, after)
            if after is None:
                Announcement.objects.update(cursor=found[1])
            return found

        monkeypatch.setattr(clients, "holders", overtaken)
        assert work_off() == []

    def test_it_asks_bookings_and_reaches_who_booked(self, ada, ben, cy):
        event = ada.lists()
        ben.books(event)
        cy.books(event)
        announcement.to_holders(UUID(event["eventId"]), ada.user_id, "Doors", "Come early", NOW)
        assert [user for user, _ in work_off()] == sorted([ben.user_id, cy.user_id])


class TestReminders:
    SOON = START - timedelta(hours=24)

    def remind(self, now):
        announcement.remind(now)
        return work_off(now)

    def test_confirmed_bookings_are_reminded_once_a_day_before(self, holders):
        holders(BEN)
        holders(status="held")
        heard("event.published")
        assert self.remind(self.SOON - timedelta(minutes=1)) == []
        assert self.remind(self.SOON) == [(BEN, "event_reminder")]
        assert self.remind(self.SOON + timedelta(hours=1)) == [(BEN, "event_reminder")]
        assert (
            "begins on Wednesday, 1 May 2030, 20:00 CEST, at Konzerthaus, Berlin"
            in told("event_reminder").message
        )

    def test_an_event_that_moves_is_reminded_of_again(self, holders):
        holders(BEN)
        heard("event.published")
        self.remind(self.SOON)
        heard("event.updated", version=2, **LATER)
        self.remind(self.SOON + timedelta(hours=1))
        assert kinds().count("event_reminder") == 1
        self.remind(self.SOON + timedelta(days=1))
        assert kinds().count("event_reminder") == 2

    def test_news_of_a_move_to_within_a_day_remind_by_themselves(self, holders, clock):
        holders(BEN)
        heard("event.published")
        clock.move_to(START - timedelta(days=3))
        moved = {"date": (START - timedelta(days=2, hours=2)).isoformat()}
        heard("event.updated", START - timedelta(days=3), version=2, **moved)
        assert self.remind(START - timedelta(days=3)) == [(BEN, "event_changed")]

    def test_who_booked_within_the_day_is_not_reminded(self, holders):
        holders(BEN, booking_id=BOOKING)
        heard("event.published")
        heard("booking.confirmed", bookingDate=self.SOON.isoformat())
        assert (BEN, "event_reminder") not in self.remind(self.SOON + timedelta(minutes=1))

    @pytest.mark.parametrize("kind", ["cancelled", "begun"])
    def test_nobody_is_reminded_of_what_is_cancelled_or_has_begun(self, holders, kind):
        holders(BEN)
        heard("event.published")
        if kind == "cancelled":
            heard("event.cancelled", version=3)
        assert self.remind(self.SOON if kind == "cancelled" else START) == []


class TestAWord:
    def test_only_the_organiser_or_an_administrator_may_write(self, holders):
        heard("event.published", organizerId=ADA)
        with pytest.raises(announcement.NotTheOrganizer):
            announcement.to_holders(EVENT, BEN, "", "Hello", NOW)
        announcement.to_holders(EVENT, ADA, "", "Hello", NOW)
        announcement.to_holders(EVENT, None, "", "Hello", NOW)
        assert Announcement.objects.count() == 2

    def test_an_event_not_heard_of_is_asked_for(self, ada):
        event = ada.lists()
        with pytest.raises(announcement.EventNotFound):
            announcement.to_holders(new_id(), ada.user_id, "", "Hello", NOW)
        announcement.to_holders(UUID(event["eventId"]), ada.user_id, "", "Hello", NOW)

    def test_one_person_is_told_at_once(self):
        heard("user.updated", userId=BEN)
        announcement.to_person(BEN, "Your account", "Please call us.", NOW)
        found = told("organizer_message")
        assert (found.subject, found.message, found.event_id) == ("Your account", "Please call us.", None)

    def test_a_person_unknown_to_all_is_refused(self):
        with pytest.raises(announcement.UserNotFound):
            announcement.to_person(new_id(), "", "Hello", NOW)
