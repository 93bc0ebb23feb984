from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from frontrow.chassis.ids import new_id
from frontrow.services.notifications import calendar

NOW = datetime(2027, 1, 1, tzinfo=UTC)
BOOKING = new_id()


def event(start, hours=2.0, zone="Europe/Berlin", version=1):
    end = datetime.fromisoformat(start) + timedelta(hours=hours)
    return {
        "date": start, "endDate": end.isoformat(), "timezone": zone, "version": version,
        "title": "Clara; solo, und Ähre 🎻\nnext", "location": "Konzerthaus, Berlin",
    }  # fmt: skip


def parsed(told, method="PUBLISH", bookings=(BOOKING,)):
    content = calendar.entries(
        told, bookings, method, "https://f.example:8000", ("Frontrow", "t@f.example"), NOW
    )
    return Calendar.from_ical(content)


@pytest.mark.parametrize(
    ("zone", "start", "local", "offset"),
    [
        ("Europe/Berlin", "2027-03-27T18:00:00+00:00", "2027-03-27 19:00", 1),
        ("Europe/Berlin", "2027-03-28T18:00:00+00:00", "2027-03-28 20:00", 2),
        ("Europe/Berlin", "2027-03-28T00:59:00+00:00", "2027-03-28 01:59", 1),
        ("Europe/Berlin", "2027-03-28T01:00:00+00:00", "2027-03-28 03:00", 2),
        ("Europe/Berlin", "2027-10-31T18:00:00+00:00", "2027-10-31 19:00", 1),
        ("America/New_York", "2027-03-13T18:00:00+00:00", "2027-03-13 13:00", -5),
        ("America/New_York", "2027-03-14T18:00:00+00:00", "2027-03-14 14:00", -4),
        ("Europe/Berlin", "2045-07-01T18:00:00+00:00", "2045-07-01 20:00", 2),
        ("Asia/Kathmandu", "2027-03-14T18:00:00+00:00", "2027-03-14 23:45", 5.75),
    ],
)
def test_the_local_time_on_both_sides_of_a_change_to_daylight_saving_time(zone, start, local, offset):
    found = parsed(event(start, zone=zone))
    (entry,) = found.events
    assert f"{entry.start:%Y-%m-%d %H:%M}" == local
    assert entry["DTSTART"].params["TZID"] == zone
    assert entry.start.utcoffset() == timedelta(hours=offset)
    assert entry.start == datetime.fromisoformat(start)
    (described,) = found.timezones
    assert described["TZID"] == zone
    ours = described.to_tz()  # as a reader takes it that knows nothing but this file
    assert entry.start.replace(tzinfo=ours).utcoffset() == timedelta(hours=offset)


def test_an_event_through_the_night_of_the_change_keeps_its_length():
    (entry,) = parsed(event("2027-03-27T23:00:00+00:00", hours=4)).events
    assert f"{entry.start:%H:%M} {entry.end:%H:%M}" == "00:00 05:00"
    assert entry.end.astimezone(UTC) - entry.start.astimezone(UTC) == timedelta(hours=4)


def test_an_entry_says_what_and_where_and_leads_back():
    (entry,) = parsed(event("2027-03-27T18:00:00+00:00")).events
    assert entry["SUMMARY"] == "Clara; solo, und Ähre 🎻\nnext"
    assert entry["LOCATION"] == "Konzerthaus, Berlin"
    assert entry["URL"] == f"https://f.example:8000/my/bookings/{BOOKING}"
    assert entry["ORGANIZER"] == "mailto:t@f.example"


def test_an_entry_is_the_same_through_its_life_and_grows():
    steps = [parsed(event("2027-03-27T18:00:00+00:00", version=v), m) for v, m in
             ((1, "PUBLISH"), (2, "PUBLISH"), (2, "CANCEL"))]  # fmt: skip
    entries = [step.events[0] for step in steps]
    assert {entry["UID"] for entry in entries} == {f"{BOOKING}@f.example"}
    sequences = [entry["SEQUENCE"] for entry in entries]
    assert sequences == sorted(set(sequences))
    assert [entry["STATUS"] for entry in entries] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [step["METHOD"] for step in steps] == ["PUBLISH", "PUBLISH", "CANCEL"]


def test_an_entry_does_not_carry_decades_of_changes_of_the_clock():
    content = calendar.entries(
        event("2030-03-27T18:00:00+00:00"),
        [BOOKING],
        "PUBLISH",
        "https://f.example",
        ("", "t@f.example"),
        NOW,
    )
    assert b"RDATE" not in content or content.count(b"T030000") < 10
    assert len(content) < 2000


def test_each_booking_has_an_entry():
    found = parsed(event("2027-03-27T18:00:00+00:00"), bookings=[new_id(), new_id()])
    assert len({entry["UID"] for entry in found.events}) == 2
    assert len(found.timezones) == 1
