"""Bars: every day has one, and a long time is drawn in longer spans."""

from datetime import UTC, datetime, timedelta

from frontrow.web import chart

FIRST = datetime(2030, 5, 1, 12, tzinfo=UTC)


def test_days_without_sales_have_their_place():
    bars = chart.drawn({FIRST: 3, FIRST + timedelta(days=2): 1}, FIRST + timedelta(days=4)).bars
    assert [(bar.first, bar.count) for bar in bars] == [
        (FIRST + timedelta(days=n), count) for n, count in enumerate([3, 0, 1, 0, 0])
    ]


def test_the_highest_bar_is_below_a_round_number():
    drawn = chart.drawn({FIRST: 37}, FIRST)
    assert [line.count for line in drawn.lines] == [0, 25, 50]
    whole = float(drawn.lines[0].y) - float(drawn.lines[2].y)
    assert abs(float(drawn.bars[0].height) / whole - 37 / 50) < 0.01


def test_nothing_leaves_the_drawing():
    drawn = chart.drawn({FIRST + timedelta(days=n): n for n in range(40)}, FIRST)
    for bar in drawn.bars:
        assert drawn.left <= float(bar.x)
        assert float(bar.x) + float(bar.width) <= drawn.width
        assert float(bar.y) >= 0
        assert abs(float(bar.y) + float(bar.height) - drawn.floor) < 0.2


def test_a_year_is_drawn_in_weeks_and_loses_nothing():
    counts = {FIRST + timedelta(days=n): 1 for n in range(365)}
    bars = chart.drawn(counts, FIRST).bars
    assert len(bars) <= chart.MOST_BARS
    assert sum(bar.count for bar in bars) == 365
    assert {(bar.last - bar.first).days for bar in bars} == {6}


def test_without_sales_there_are_no_bars():
    assert chart.drawn({}, FIRST).bars == ()
