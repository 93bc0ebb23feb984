"""Money as people read it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

from frontrow.chassis.money import shown


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (4500, "EUR", "€45.00"),
        (123456789, "USD", "$1,234,567.89"),
        (5, "GBP", "£0.05"),
        (5800, "JPY", "¥5,800"),
        (4500, "CHF", "CHF 45.00"),
        (12345, "KWD", "KWD 12.345"),
        (0, "EUR", "€0.00"),
        (2**60 + 7, "EUR", "€11,529,215,046,068,469.83"),
    ],
)
def test_money_as_people_write_it(amount, currency, written):
    assert shown(amount, currency) == written


@given(st.integers(0, 2**62), st.sampled_from([each.value.upper() for each in Currency]))
def test_money_is_never_rounded(amount, currency):
    digits = shown(amount, currency).replace(",", "").lstrip("€$£¥ABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    whole, _, fraction = digits.partition(".")
    assert len(fraction) == (Currency(currency).exponent or 0)
    assert int(whole + fraction) == amount
