"""What reviews of an event add up to. No Django, no clock, no I/O."""

from collections.abc import Sequence
from datetime import datetime

STARS = (1, 2, 3, 4, 5)
NONE = (0,) * len(STARS)  # how many reviews give each, before the first


def is_over(end: datetime, now: datetime) -> bool:
    """Whether an event that ends then can be reviewed."""
    return end <= now


def with_one_more(counts: Sequence[int], rating: int) -> list[int]:
    """How many reviews give each number of stars, after one more gave this."""
    return [count + (stars == rating) for stars, count in zip(STARS, counts, strict=True)]


def average(counts: Sequence[int]) -> float:
    """The mean of all ratings, unrounded; 0 without any."""
    total = sum(stars * count for stars, count in zip(STARS, counts, strict=True))
    return total / sum(counts) if total else 0.0


def histogram(counts: Sequence[int]) -> dict[str, int]:
    """The same counts by their stars, from '1' to '5'."""
    return {str(stars): count for stars, count in zip(STARS, counts, strict=True)}
