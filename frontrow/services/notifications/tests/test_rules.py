from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow.services.notifications import rules

NOW = datetime(2030, 4, 1, 10, tzinfo=UTC)
TERMS = {
    "date": "2030-05-01T18:00:00+00:00", "endDate": "2030-05-01T21:00:00+00:00",
    "timezone": "Europe/Berlin", "location": "Konzerthaus, Berlin",
}  # fmt: skip
EVENT = {**TERMS, "status": "published"}


@pytest.mark.parametrize(
    ("start", "end", "zone", "written"),
    [
        ("2030-05-01T18:00Z", "2030-05-01T21:00Z", "Europe/Berlin", "Wed 1 May 2030, 20:00–23:00 CEST"),
        ("2030-12-01T18:00Z", "2030-12-01T21:00Z", "Europe/Berlin", "Sun 1 Dec 2030, 19:00–22:00 CET"),
        ("2030-05-01T21:00Z", "2030-05-02T01:30Z", "Europe/Berlin",
         "Wed 1 May 2030, 23:00 – Thu 2 May 2030, 03:30 CEST"),
        ("2027-03-28T00:30Z", "2027-03-28T02:00Z", "Europe/Berlin", "Sun 28 Mar 2027, 01:30 CET – 04:00 CEST"),
        ("2027-10-30T22:00Z", "2027-10-31T03:00Z", "Europe/Berlin",
         "Sun 31 Oct 2027, 00:00 CEST – 04:00 CET"),
        ("2030-05-01T18:00Z", "2030-05-01T21:00Z", "America/Sao_Paulo", "Wed 1 May 2030, 15:00–18:00 UTC-03:00"),
        ("2030-05-01T18:00Z", "2030-05-01T21:00Z", "Asia/Kathmandu",
         "Wed 1 May 2030, 23:45 – Thu 2 May 2030, 02:45 UTC+05:45"),
    ],
)  # fmt: skip
def test_a_period_on_the_clock_of_the_place(start, end, zone, written):
    assert rules.period(start, end, zone) == written


@given(st.integers(1_600_000_000, 2_200_000_000), st.sampled_from(["Europe/Berlin", "UTC"]))
def test_a_moment_can_be_read_back(seconds, zone):
    at = datetime.fromtimestamp(seconds // 60 * 60, UTC)
    written, _, abbreviation = rules.moment(at.isoformat(), zone).rpartition(" ")
    local = at.astimezone(ZoneInfo(zone))
    assert datetime.strptime(written, "%a %d %b %Y, %H:%M") == local.replace(tzinfo=None)  # noqa: DTZ007
    assert abbreviation == local.tzname()


def test_what_was_booked_in_words():
    items = [{"quantity": 2, "name": "Stalls"}, {"quantity": 1, "name": "Balcony"}]
    assert rules.places(items) == "2 × Stalls, 1 × Balcony"


class TestDifferences:
    def test_nothing_changed(self):
        assert rules.differences(TERMS, {**TERMS, "date": "2030-05-01T18:00:20+00:00"}) == []

    @pytest.mark.parametrize(
        ("change", "labels"),
        [
            ({"date": "2030-05-01T17:30:00+00:00"}, ["When"]),
            ({"endDate": "2030-05-01T22:30:00+00:00"}, ["When"]),
            ({"timezone": "Europe/London"}, ["When"]),
            ({"location": "Elsewhere"}, ["Where"]),
            ({"location": "Elsewhere", "date": "2030-05-01T10:00:00+00:00"}, ["When", "Where"]),
        ],
    )
    def test_what_would_read_differently(self, change, labels):
        assert [found.label for found in rules.differences(TERMS, {**TERMS, **change})] == labels

    def test_both_are_told(self):
        (change,) = rules.differences(TERMS, {**TERMS, "location": "Elsewhere"})
        assert (change.before, change.after) == ("Konzerthaus, Berlin", "Elsewhere")


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
