from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow.services.users.rules import folded, is_due, merged_profile

NAMES = st.sampled_from(["displayName", "phone", "locale", "timezone"])
PROFILES = st.dictionaries(NAMES, st.text(max_size=20))
CHANGES = st.dictionaries(NAMES, st.none() | st.text(max_size=20))
MADE = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Ada", "ada"), (" ada ", "ada"), ("ADA@Example.ORG", "ada@example.org"), ("Maß@x.org", "maß@x.org")],
)
def test_a_login_is_compared_without_case_and_surrounding_space(typed, meant):
    assert folded(typed) == meant


@given(st.text())
def test_what_is_stored_in_small_letters_is_found_again(text):
    stored = text.strip().lower()
    assert folded(stored) == stored
    assert folded(text) == stored


@given(PROFILES, CHANGES)
def test_a_given_field_replaces_a_null_removes_and_the_rest_stays(current, given):
    merged = merged_profile(current, given)
    for name in {*current, *given}:
        assert merged.get(name) == given.get(name, current.get(name))


@given(PROFILES, CHANGES)
def test_a_merged_profile_holds_no_null(current, given):
    assert None not in merged_profile(current, given).values()


@given(PROFILES, CHANGES)
def test_the_same_change_twice_is_as_good_as_once(current, given):
    once = merged_profile(current, given)
    assert merged_profile(once, given) == once


@given(PROFILES)
def test_no_change_changes_nothing(current):
    assert merged_profile(current, {}) == current


@pytest.mark.parametrize(
    ("age", "due"),
    [
        (timedelta(0), False),
        (timedelta(days=90) - timedelta(microseconds=1), False),
        (timedelta(days=90), True),
        (timedelta(days=91), True),
        (timedelta(days=-1), False),
    ],
)
def test_a_key_is_due_once_it_is_as_old_as_its_period(age, due):
    assert is_due(MADE, timedelta(days=90), MADE + age) is due
