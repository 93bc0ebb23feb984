"""When, on the clock of the place, as each language says it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from frontrow.services.notifications import times


@pytest.mark.parametrize(
    ("start", "end", "zone", "written"),
    [
        ("2030-05-01T18:00Z", "2030-05-01T21:00Z", "Europe/Berlin", "Wednesday, 1 May 2030, 20:00–23:00 CEST"),
        ("2030-12-01T18:00Z", "2030-12-01T21:00Z", "Europe/Berlin", "Sunday, 1 December 2030, 19:00–22:00 CET"),
        ("2030-05-01T21:00Z", "2030-05-02T01:30Z", "Europe/Berlin",
         "Wednesday, 1 May 2030, 23:00 – Thursday, 2 May 2030, 03:30 CEST"),
        ("2027-03-28T00:30Z", "2027-03-28T02:00Z", "Europe/Berlin", "Sunday, 28 March 2027, 01:30 CET – 04:00 CEST"),
        ("2027-10-30T22:00Z", "2027-10-31T03:00Z", "Europe/Berlin",
         "Sunday, 31 October 2027, 00:00 CEST – 04:00 CET"),
        ("2030-05-01T18:00Z", "2030-05-01T21:00Z", "America/Sao_Paulo", "Wednesday, 1 May 2030, 15:00–18:00 UTC-03:00"),
        ("2030-05-01T18:00Z", "2030-05-01T21:00Z", "Asia/Kathmandu",
         "Wednesday, 1 May 2030, 23:45 – Thursday, 2 May 2030, 02:45 UTC+05:45"),
    ],
)  # fmt: skip
def test_a_period_on_the_clock_of_the_place(start, end, zone, written):
    assert times.period(start, end, zone) == written


@given(st.integers(1_600_000_000, 2_200_000_000), st.sampled_from(["Europe/Berlin", "UTC"]))
def test_a_moment_can_be_read_back(seconds, zone):
    at = datetime.fromtimestamp(seconds // 60 * 60, UTC)
    written, _, abbreviation = times.moment(at.isoformat(), zone).rpartition(" ")
    local = at.astimezone(ZoneInfo(zone))
    assert datetime.strptime(written, "%A, %d %B %Y, %H:%M") == local.replace(tzinfo=None)  # noqa: DTZ007
    assert abbreviation == local.tzname()


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("de", "Mittwoch, 1. Mai 2030, 23:00 – Donnerstag, 2. Mai 2030, 03:30 CEST"),
        ("fr", "mercredi 1 mai 2030, 23:00 – jeudi 2 mai 2030, 03:30 CEST"),
        ("es", "miércoles, 1 de mayo de 2030, 23:00 – jueves, 2 de mayo de 2030, 3:30 CEST"),
    ],
)
def test_a_period_in_the_language_that_is_active(language, written):
    with translation.override(language):
        assert times.period("2030-05-01T21:00Z", "2030-05-02T01:30Z", "Europe/Berlin") == written
