"""Decisions about money."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow.services.payments import rules


@pytest.mark.parametrize(
    ("refunded", "expected"),
    [(0, "succeeded"), (1, "partially_refunded"), (99, "partially_refunded"), (100, "refunded")],
)
def test_a_payment_is_called_by_what_went_back(refunded, expected):
    assert rules.status_after(100, refunded) == expected


@given(st.integers(0, 10_000))
def test_waits_grow_and_are_bounded(attempts):
    wait = rules.wait_after(attempts)
    assert timedelta(seconds=5) <= wait <= timedelta(seconds=20)
    assert rules.wait_after(attempts + 1) >= wait


def test_every_end_of_ours_is_explained():
    assert all(sentence.endswith(".") for sentence in rules.GIVEN_UP.values())
