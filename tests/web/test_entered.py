"""Amounts and times as people enter them."""

from datetime import UTC, datetime

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from frontrow.web import entered


@pytest.mark.parametrize(("text", "currency", "amount"), [
    ("12,50", "EUR", 1250), ("12.50", "EUR", 1250), ("12.5", "EUR", 1250), ("12", "EUR", 1200), ("0", "EUR", 0),
    ("1.234,50", "EUR", 123450), ("1,234.50", "EUR", 123450), ("1 234,50", "EUR", 123450), ("1'234.50", "CHF", 123450),
    ("1,234,567", "EUR", 123456700), ("1,500", "JPY", 1500), ("1500", "JPY", 1500), ("1.500", "KWD", 1500),
    (" 0.07 ", "EUR", 7), ("12.", "EUR", 1200),
])  # fmt: skip
def test_amounts_become_minor_units(text, currency, amount):
    assert entered.amount(text, currency) == amount


@pytest.mark.parametrize(("text", "currency"), [
    ("", "EUR"), ("1.234", "EUR"), ("1,234", "EUR"), ("12.345", "EUR"), ("-1", "EUR"), ("1e3", "EUR"), ("NaN", "EUR"),
    ("12€", "EUR"), ("1.5", "JPY"), ("1.23.456", "EUR"), ("1,2,3", "EUR"), (".5", "EUR"), ("٣", "EUR"), ("²", "EUR"),
    ("12.50", "nonsense"), ("12.50", ""), ("9" * 21, "EUR"), ("9" * 40, "KWD"),
])  # fmt: skip
def test_what_is_no_amount_or_could_be_two_is_refused(text, currency):
    with pytest.raises(entered.Unreadable):
        entered.amount(text, currency)


@given(
    st.integers(0, 10**12), st.sampled_from(["EUR", "JPY", "KWD"]), st.sampled_from(["en", "de", "fr", "es"])
)
def test_what_we_write_is_read_as_the_same(amount, currency, language):
    with translation.override(language):
        assert entered.amount(entered.written(amount, currency), currency) == amount


def test_a_local_time_is_a_moment():
    assert entered.moment("2030-05-01T20:00", "Europe/Berlin") == datetime(2030, 5, 1, 18, tzinfo=UTC)
    assert entered.local(datetime(2030, 5, 1, 18, tzinfo=UTC), "Europe/Berlin") == "2030-05-01T20:00"


def test_a_time_that_clocks_skip_is_refused_by_name():
    with pytest.raises(entered.Skipped):
        entered.moment("2030-03-31T02:30", "Europe/Berlin")


def test_a_time_that_comes_twice_is_refused_by_name():
    with pytest.raises(entered.Twice):
        entered.moment("2030-10-27T02:30", "Europe/Berlin")
    assert entered.moment("2030-10-27T03:00", "Europe/Berlin") == datetime(2030, 10, 27, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2030-13-01T20:00", "2030-05-01T20:00Z", "0001-01-01T00:00"]
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(entered.Unreadable):
        entered.moment(text, "Asia/Tokyo")
