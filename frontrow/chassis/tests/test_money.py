import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow.chassis.money import shown


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (2500, "EUR", "25.00 EUR"),
        (5, "EUR", "0.05 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (0, "GBP", "0.00 GBP"),
        (500, "JPY", "500 JPY"),
        (1234, "KWD", "1.234 KWD"),
        (12345, "CLF", "1.2345 CLF"),
        (7, "XAU", "7 XAU"),
        (10**17 + 1, "USD", "1000000000000000.01 USD"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount, currency, text):
    assert shown(amount, currency) == text


@given(st.integers(-(2**63), 2**63), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_no_digit_of_any_amount_is_lost(amount, currency):
    assert int(shown(amount, currency).split()[0].replace(".", "")) == amount
