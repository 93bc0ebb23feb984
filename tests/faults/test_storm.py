"""The short form of `make faults`: every failpoint once, some kills, clocks that jump, and no promise broken.

Money is moved by a provider far away, which misbehaves as well; `make faults` has the sandbox, too.
"""

from tests.faults.storm import Storm, points
from tests.stripe.running import running

SECONDS, PACE = 25, 1.0
POINT_SECONDS = 300  # at most, for failpoints that nobody came by
JUMPS = 6  # of clocks at once, while all people buy
SEED = 7
PATIENCE = 180  # for everything to have come to its end, on a machine that does other things, too


def test_nothing_is_sold_twice_lost_or_kept_while_everything_fails(tmp_path_factory):
    with (
        running("simulator") as provider,
        Storm(tmp_path_factory.mktemp("storm"), SEED, provider).running() as storm,
    ):
        with storm.trade():
            for _ in range(JUMPS):
                storm.jump()
            storm.rage(SECONDS, PACE)
            never = storm.insist(POINT_SECONDS)
        storm.calm(PATIENCE)
        assert storm.checker().violations() == []
    assert never == []
    assert storm.faults.total() >= SECONDS / 2
    assert storm.jumps >= JUMPS
    assert storm.diary.answered > 100


def test_there_is_a_failpoint_at_every_step():
    assert len(points()) >= 15
