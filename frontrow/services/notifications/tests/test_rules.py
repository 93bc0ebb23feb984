from datetime import UTC, datetime, timedelta

import pytest

from frontrow.services.notifications import rules

NOW = datetime(2030, 4, 1, 10, tzinfo=UTC)
TERMS = {
    "date": "2030-05-01T18:00:00+00:00", "endDate": "2030-05-01T21:00:00+00:00",
    "timezone": "Europe/Berlin", "location": "Konzerthaus, Berlin",
}  # fmt: skip
EVENT = {**TERMS, "status": "published"}


def test_what_was_booked_in_words():
    items = [{"quantity": 2, "name": "Stalls"}, {"quantity": 1, "name": "Balcony"}]
    assert rules.places(items) == "2 × Stalls, 1 × Balcony"


class TestDifferences:
    def test_nothing_changed(self):
        assert rules.differences(TERMS, {**TERMS, "date": "2030-05-01T18:00:20+00:00"}) == ()

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            ({"date": "2030-05-01T17:30:00+00:00"}, ("time",)),
            ({"endDate": "2030-05-01T22:30:00+00:00"}, ("time",)),
            ({"timezone": "Europe/London"}, ("time",)),
            (
                {
                    "timezone": "Europe/London",
                    "date": "2030-05-01T19:00:00+00:00",
                    "endDate": "2030-05-01T22:00:00+00:00",
                },
                ("time",),
            ),  # the same hours on another clock
            ({"location": "Elsewhere"}, ("place",)),
            ({"location": "Elsewhere", "date": "2030-05-01T10:00:00+00:00"}, ("time", "place")),
        ],
    )
    def test_what_would_read_differently(self, change, what):
        assert rules.differences(TERMS, {**TERMS, **change}) == what


class TestOutdated:
    @pytest.mark.parametrize(
        ("kind", "booking", "outdated"),
        [
            ("booking_held", "held", False), ("booking_held", "confirmed", True),
            ("booking_held", "expired", True), ("booking_held", None, False),
            ("payment_failed", "confirmed", True), ("payment_failed", "held", False),
            ("booking_confirmed", "confirmed", False), ("booking_confirmed", "held", False),
            ("booking_confirmed", "cancelled", True),
            ("booking_cancelled", "cancelled", False), ("booking_expired", "expired", False),
            ("refund_succeeded", "cancelled", False), ("user_registered", None, False),
        ],
    )  # fmt: skip
    def test_by_what_became_of_the_booking(self, kind, booking, outdated):
        assert rules.is_outdated(kind, {"event": EVENT}, booking, EVENT, NOW) is outdated

    @pytest.mark.parametrize(
        ("kind", "event", "outdated"),
        [
            ("event_reminder", {}, False),
            ("event_reminder", {"date": "2030-05-02T18:00:00+00:00"}, True),
            ("event_reminder", {"status": "cancelled"}, True),
            ("event_reminder", {"endDate": NOW.isoformat()}, True),
            ("event_changed", {"date": "2030-05-02T18:00:00+00:00"}, False),
            ("event_changed", {"status": "cancelled"}, True),
            ("event_changed", {"endDate": NOW.isoformat()}, True),
            ("organizer_message", {"status": "cancelled"}, False),
            ("event_cancelled", {"status": "cancelled"}, False),
        ],
    )
    def test_by_what_became_of_the_event(self, kind, event, outdated):
        assert rules.is_outdated(kind, {"event": EVENT}, None, {**EVENT, **event}, NOW) is outdated

    def test_an_unknown_event_outdates_nothing(self):
        assert not rules.is_outdated("event_reminder", {"event": EVENT}, None, None, NOW)


def test_waits_double_up_to_four_hours():
    waits = [rules.wait_after(n) for n in range(1, 40)]
    assert waits[:4] == [timedelta(seconds=s) for s in (30, 60, 120, 240)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=4)
    assert sum(waits[:20], timedelta(0)) > rules.GIVE_UP_AFTER > sum(waits[:12], timedelta(0))
