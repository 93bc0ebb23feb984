"""Bars that show how something went, day by day. Pure: numbers in, places on a drawing out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 220, 40, 24, 12
MOST_BARS, GAP, WIDEST = 60, 0.25, 56
STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """A span of days and how many it counts; where it is drawn, in units of the drawing."""

    first: datetime
    last: datetime
    count: int
    x: str
    y: str
    width: str
    height: str
    end: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line across, and the number it stands for."""

    y: str
    count: int


@dataclass(frozen=True, slots=True)
class Chart:
    """What chart.svg draws. Places are texts, so that no language writes them with a comma."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    floor: int = HEIGHT - BOTTOM


def drawn(counts: Mapping[datetime, int], until: datetime) -> Chart:
    """Every day from the first that counts until the last, those without sales too; weeks or more if many.

    A day is a moment of it, the same of each.
    """
    spans = _spans(counts, until)
    top = _top(max((count for _, _, count in spans), default=0))
    room, scale = (WIDTH - LEFT) / max(len(spans), 1), (HEIGHT - BOTTOM - TOP) / top
    broad = min(room * (1 - GAP), WIDEST)
    bars = []
    for n, (first, last, count) in enumerate(spans):
        x, y = LEFT + room * (n + 1 / 2) - broad / 2, HEIGHT - BOTTOM - count * scale
        bars.append(Bar(first, last, count, *map(_text, (x, y, broad, count * scale, x + broad))))
    marks = sorted({0, top // 2, top})
    return Chart(tuple(bars), tuple(Line(_text(HEIGHT - BOTTOM - mark * scale), mark) for mark in marks))


def _spans(counts: Mapping[datetime, int], until: datetime) -> Sequence[tuple[datetime, datetime, int]]:
    if not counts:
        return ()
    begin = min(counts)
    days = (max(until, max(counts)) - begin).days + 1
    length = -(-days // MOST_BARS)
    starts = [begin + timedelta(days=n) for n in range(0, days, length)]
    spans = [(first, first + timedelta(days=length - 1)) for first in starts]
    return [(first, last, _within(counts, first, last)) for first, last in spans]


def _within(counts: Mapping[datetime, int], first: datetime, last: datetime) -> int:
    return sum(count for day, count in counts.items() if first <= day <= last)


def _top(most: int) -> int:
    """A round number that is not below the highest bar."""
    size = 1
    while True:
        for step in STEPS:
            if step * size >= most:
                return step * size
        size *= 10


def _text(place: float) -> str:
    return f"{place:.1f}"
