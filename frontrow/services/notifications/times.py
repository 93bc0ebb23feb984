"""When something is, on the clock of its place, in the language that is active."""

from datetime import datetime

from frontrow.chassis import language


def moment(at: str, zone: str) -> str:
    """A time of the wire: Wednesday, 1 May 2030, 20:00 CEST."""
    value = datetime.fromisoformat(at)
    return f"{language.moment(value, zone)} {_clock_of(value, zone)}"


def period(start: str, end: str, zone: str) -> str:
    """From when to when; each end with its own abbreviation where the clocks change between them."""
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    changes = _clock_of(first, zone) != _clock_of(last, zone)
    begins = moment(start, zone) if changes else language.moment(first, zone)
    if language.at(first, zone).date() != language.at(last, zone).date():
        return f"{begins} – {moment(end, zone)}"
    ends = f"{language.clock(last, zone)} {_clock_of(last, zone)}"
    return f"{begins} – {ends}" if changes else f"{begins}–{ends}"


def _clock_of(value: datetime, zone: str) -> str:
    """CEST; for the many zones whose abbreviation is only a number, that as an offset from UTC."""
    name = language.at(value, zone).tzname() or "UTC"
    return name if name[0].isalpha() else f"UTC{name[:3]}:{name[3:] or '00'}"
