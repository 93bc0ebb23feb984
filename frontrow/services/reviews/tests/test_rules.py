from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow.services.reviews import rules

ratings = st.lists(st.sampled_from(rules.STARS), max_size=200)
END = datetime(2030, 5, 1, 22, 0, tzinfo=UTC)


def counted(given_ratings):
    return reduce(rules.with_one_more, given_ratings, list(rules.NONE))


@given(ratings)
def test_counts_are_those_of_the_ratings_whatever_their_order(given_ratings):
    counts = counted(given_ratings)
    assert counts == [given_ratings.count(stars) for stars in rules.STARS]
    assert counts == counted(sorted(given_ratings))


@given(ratings.filter(bool))
def test_the_average_is_the_mean_and_lies_among_the_ratings(given_ratings):
    average = rules.average(counted(given_ratings))
    assert average == float(Fraction(sum(given_ratings), len(given_ratings)))
    assert min(given_ratings) <= average <= max(given_ratings)


@given(ratings.filter(bool), st.sampled_from(rules.STARS))
def test_one_more_rating_draws_the_average_towards_itself(given_ratings, rating):
    before = rules.average(counted(given_ratings))
    after = rules.average(counted([*given_ratings, rating]))
    assert min(before, rating) <= after <= max(before, rating)
    assert (after == before) == (before == rating)


@given(ratings)
def test_a_histogram_has_every_star_and_every_review(given_ratings):
    found = rules.histogram(counted(given_ratings))
    assert list(found) == ["1", "2", "3", "4", "5"]
    assert sum(found.values()) == len(given_ratings)


def test_without_reviews_all_is_zero():
    assert rules.average(rules.NONE) == 0
    assert set(rules.histogram(rules.NONE).values()) == {0}


def test_counting_changes_nothing_in_place():
    counts = [0, 0, 0, 0, 1]
    assert rules.with_one_more(counts, 5) == [0, 0, 0, 0, 2]
    assert counts == [0, 0, 0, 0, 1]


@pytest.mark.parametrize(("later", "over"), [(-1, False), (0, True), (1, True)])
def test_an_event_is_over_when_it_ends(later, over):
    assert rules.is_over(END, END + timedelta(microseconds=later)) is over
