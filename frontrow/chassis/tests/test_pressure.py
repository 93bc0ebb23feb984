import pytest

from frontrow.chassis import pressure
from frontrow.chassis.pressure import Pressure

IDLE, BUSY, LOW, STOLEN = (
    (0, 0, 0, 200, 0),
    (150, 0, 40, 0, 10),
    (20, 180, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 200),
)


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine whose time passes as one says: `machine(IDLE)` is two processors' second without work."""

    class Machine:
        second, ticks = 0.0, [0] * 10

        def __call__(self, spent, seconds=1.0):
            self.second += seconds
            self.ticks = [had + more for had, more in zip(self.ticks, [*spent, *[0] * 10], strict=False)]
            (tmp_path / "stat").write_text(
                f"cpu  {' '.join(map(str, self.ticks))}\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
            )

    monkeypatch.setattr(pressure, "STAT", tmp_path / "stat")
    monkeypatch.setattr(pressure, "monotonic", lambda: machine.second)
    machine = Machine()
    machine(IDLE)
    return machine


def felt(machine, *seconds):
    one = Pressure()
    one.felt()
    found = []
    for spent in seconds:
        machine(spent)
        found.append(one.felt())
    return found


@pytest.mark.parametrize(
    ("spent", "is_high"),
    [
        (IDLE, False), (BUSY, True), (STOLEN, True),
        (LOW, False),  # what steps back does not push itself back
        ((134, 0, 0, 66, 0), True), ((133, 0, 0, 67, 0), False),  # a third
        ((100, 0, 100, 0, 0), True), ((0, 0, 0, 0, 200), False),  # waiting for disks leaves the processor
        ((0, 0, 0, 0, 0, 100, 100, 0), True),  # so much comes by the network
    ],
)  # fmt: skip
def test_it_is_high_while_little_is_left(machine, spent, is_high):
    assert felt(machine, spent) == [is_high]


def test_it_is_of_a_moment_ago_and_not_of_all_time(machine):
    assert felt(machine, IDLE, BUSY, BUSY, IDLE) == [False, True, True, False]


def test_within_a_moment_it_is_not_looked_at_again(machine):
    one = Pressure()
    one.felt()
    machine(BUSY)
    assert one.felt()
    machine(IDLE, seconds=0.1)
    assert one.felt()
    machine(IDLE, seconds=0.1)
    assert not one.felt()


@pytest.mark.parametrize(
    "told", [None, "", "cpu\n", "cpu 1 2\n", "cpu a b c d e f g h\n", "cpu 0 0 0 0 0 0 0 0\n"]
)
def test_where_nobody_tells_it_is_never_felt(monkeypatch, tmp_path, told):
    monkeypatch.setattr(pressure, "STAT", tmp_path / "stat")
    if told is not None:
        (tmp_path / "stat").write_text(told)
    assert not Pressure().felt()


def test_this_machine_tells():
    one = Pressure()
    one.felt()
    assert 0 < one.left < one.whole
