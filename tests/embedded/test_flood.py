"""The flood of `make sign-in-flood` is one: sign-ins are made and answered, and none succeeds."""

from bench import flood


def test_every_wrong_sign_in_is_answered_and_none_opens_anything(address):
    with flood.flooded(address, 2, 0) as statuses:
        assert not statuses  # they are told afterwards
    assert statuses.total() > 0
    assert set(statuses) <= {401, 429, 503}


def test_what_is_lost_is_told_by_the_median_round():
    assert flood.lost([100, 100, 100], [50, 95, 99]) == 1 - 0.95
