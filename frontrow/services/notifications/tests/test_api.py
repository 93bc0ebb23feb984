"""The door: own notifications only, in pages; words to those who hold places; wishes about mail."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection

from frontrow.chassis.ids import new_id
from frontrow.services.notifications import rules
from frontrow.services.notifications.models import Announcement, Notification
from frontrow.services.notifications.notification import tell
from frontrow.services.notifications.telling import Draft
from tests.cast import Actor, settle

from .stage import NOW

pytestmark = pytest.mark.django_db


def of(actor, rest=""):
    return f"/notifications/{actor.user_id}{rest}"


def tell_of(actor, count, **more):
    drafts = [
        Draft(
            user_id=actor.user_id, kind=rules.ORGANIZER_MESSAGE, cause=new_id(),
            facts={"subject": f"Word {n}", "message": "Dear all"}, date=NOW + timedelta(seconds=n),
            **more,
        )
        for n in range(count)
    ]  # fmt: skip
    tell(drafts, NOW)
    return drafts


@pytest.fixture
def booked(ada, ben):
    event = ada.lists()
    booking = ben.books(event, 2)
    settle()
    return event, booking


class TestReading:
    def test_a_booking_can_be_read_of(self, ben, booked):
        event, booking = booked
        status, page = ben.get(of(ben))
        assert status == 200
        assert page["nextCursor"] is None
        (item,) = page["items"]
        message = item.pop("message")
        assert "We hold 2 × Ticket for you until" in message
        assert item.pop("notificationId")
        assert item.pop("date").startswith("2030-04-01T10:00:00")
        assert item == {
            "userId": str(ben.user_id), "kind": "booking_held", "subject": "Held for you: An evening with Clara",
            "readAt": None, "eventId": event["eventId"], "bookingId": booking["bookingId"],
        }  # fmt: skip

    def test_nobody_else_reads_it(self, ben, cy, nobody, booked):
        administrator = Actor(roles=["admin"])
        for actor in (cy, administrator):
            for path in (of(ben), of(ben, "/unread"), of(ben, "/preferences")):
                assert actor.get(path)[0] == 404
            assert actor.post(of(ben, "/read"), {})[0] == 404
            assert actor.put(of(ben, "/preferences"), {"mail": {}})[0] == 404
        assert nobody.get(of(ben))[0] == 401

    def test_the_newest_come_first_in_pages(self, ben):
        tell_of(ben, 5)
        _, first = ben.get(of(ben, "?limit=3"))
        _, second = ben.get(of(ben, f"?limit=3&cursor={first['nextCursor']}"))
        words = [item["subject"] for page in (first, second) for item in page["items"]]
        assert words == [f"Word {n}" for n in (4, 3, 2, 1, 0)]
        assert second["nextCursor"] is None
        assert ben.get(of(ben, "?cursor=nonsense"))[1]["code"] == "invalid_cursor"

    def test_kinds_and_unread_ones_can_be_asked_for(self, ben, booked):
        (one, _) = tell_of(ben, 2)
        assert len(ben.get(of(ben, "?kind=organizer_message"))[1]["items"]) == 2
        assert ben.get(of(ben, "?kind=event_cancelled"))[1]["items"] == []
        assert ben.get(of(ben, "?kind=nonsense"))[0] == 422
        assert ben.post(of(ben, "/read"), {"notificationIds": [str(one.notification_id)]})[0] == 204
        assert len(ben.get(of(ben, "?unread=true"))[1]["items"]) == 2
        assert ben.post(of(ben, "/read"), {})[0] == 204
        assert ben.get(of(ben, "?unread=true"))[1]["items"] == []
        assert all(item["readAt"] for item in ben.get(of(ben))[1]["items"])

    def test_the_unread_ones_are_counted(self, ben, cy):
        assert ben.get(of(ben, "/unread")) == (200, {"unread": 0})
        (one, *_) = tell_of(ben, 3)
        tell_of(cy, 1)
        assert ben.get(of(ben, "/unread"))[1] == {"unread": 3}
        ben.post(of(ben, "/read"), {"notificationIds": [str(one.notification_id)]})
        assert ben.get(of(ben, "/unread"))[1] == {"unread": 2}
        ben.post(of(ben, "/read"), {})
        assert (ben.get(of(ben, "/unread"))[1], cy.get(of(cy, "/unread"))[1]) == (
            {"unread": 0},
            {"unread": 1},
        )

    def test_they_are_counted_without_reading_what_was_read(self, ben):
        """Every page that Ben opens asks for the number."""
        tell_of(ben, 300)
        Notification.objects.update(read_at=NOW)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        assert "notifications_unread" in Notification.objects.unread_by(ben.user_id).explain()

    def test_what_waits_for_its_event_is_not_shown(self, ben):
        tell_of(ben, 1, event_id=new_id())
        assert ben.get(of(ben))[1]["items"] == []
        assert ben.get(of(ben, "/unread"))[1] == {"unread": 0}


class TestWriting:
    def test_an_organiser_writes_to_all_who_hold_places(self, ada, ben, booked):
        event, _ = booked
        body = {"eventId": event["eventId"], "subject": "Doors", "message": "Come by the side entrance."}
        status, told = ada.post("/notifications", body)
        assert status == 202
        assert told["announcementId"] == str(Announcement.objects.get().pk)
        assert (told["eventId"], told["userId"], told["subject"]) == (event["eventId"], None, "Doors")
        settle()
        newest = ben.get(of(ben))[1]["items"]
        assert {item["kind"] for item in newest} == {"organizer_message", "booking_held"}
        assert ada.get(of(ada))[1]["items"] == []

    def test_nobody_else_writes_to_them(self, ben, cy, booked):
        event, _ = booked
        for actor in (ben, cy):
            status, refusal = actor.post("/notifications", {"eventId": event["eventId"], "message": "Hi"})
            assert (status, refusal["code"]) == (403, "not_the_organizer")

    def test_an_administrator_writes_to_anybody(self, ada, booked):
        event, _ = booked
        administrator = Actor(roles=["admin"])
        assert administrator.post("/notifications", {"eventId": event["eventId"], "message": "Hi"})[0] == 202
        registered = {"username": "dee", "email": "dee@example.org", "password": "correct horse battery"}
        _, dee = ada.post("/register", registered)
        assert administrator.post("/notifications", {"userId": dee["userId"], "message": "Hi"})[0] == 202
        settle()
        welcome, word = sorted(mail.outbox, key=lambda m: m.subject, reverse=True)[:2]
        assert {welcome.to[0], word.to[0]} == {"dee@example.org"}

    def test_only_an_administrator_writes_to_one_person(self, ada, ben):
        status, refusal = ada.post("/notifications", {"userId": str(ben.user_id), "message": "Hi"})
        assert (status, refusal["code"]) == (403, "not_an_administrator")

    def test_what_is_not_there_is_refused(self, ada):
        administrator = Actor(roles=["admin"])
        draft = ada.lists(status="draft")
        for event_id in (str(new_id()), draft["eventId"]):
            status, refusal = ada.post("/notifications", {"eventId": event_id, "message": "Hi"})
            assert (status, refusal["code"]) == (404, "event_not_found")
        status, refusal = administrator.post("/notifications", {"userId": str(new_id()), "message": "Hi"})
        assert (status, refusal["code"]) == (404, "user_not_found")

    @pytest.mark.parametrize(
        "body",
        [
            {"message": "Hi"},
            {"message": "Hi", "userId": "1", "eventId": "2"},
            {"message": "", "eventId": str(new_id())},
            {"message": "Hi", "subject": "two\nlines", "eventId": str(new_id())},
            {"message": "Hi", "eventId": str(new_id()), "surprise": 1},
            {"message": "x" * 5001, "eventId": str(new_id())},
        ],
    )
    def test_what_makes_no_sense_is_refused(self, ada, body):
        assert ada.post("/notifications", body)[0] == 422


class TestPreferences:
    def test_all_kinds_are_there_and_some_can_be_refused(self, ben):
        status, found = ben.get(of(ben, "/preferences"))
        assert status == 200
        assert found == {"mail": dict.fromkeys(rules.OPTIONAL, True)}
        status, changed = ben.put(of(ben, "/preferences"), {"mail": {"booking_held": False}})
        assert status == 200
        assert changed == {"mail": {**found["mail"], "booking_held": False}}
        assert ben.get(of(ben, "/preferences"))[1] == changed

    @pytest.mark.parametrize("wish", [{"nonsense": False}, {"booking_held": "no"}, {"booking_held": None}])
    def test_other_wishes_are_refused(self, ben, wish):
        assert ben.put(of(ben, "/preferences"), {"mail": wish})[0] == 422
