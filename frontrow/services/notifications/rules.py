"""What may be told, when, and how it reads. No Django, no clock, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

USER_REGISTERED, BOOKING_HELD, BOOKING_CONFIRMED = "user_registered", "booking_held", "booking_confirmed"
BOOKING_EXPIRED, BOOKING_CANCELLED = "booking_expired", "booking_cancelled"
PAYMENT_FAILED, REFUND_SUCCEEDED = "payment_failed", "refund_succeeded"
EVENT_CHANGED, EVENT_CANCELLED, EVENT_REMINDER = "event_changed", "event_cancelled", "event_reminder"
ORGANIZER_MESSAGE = "organizer_message"
KINDS = (
    USER_REGISTERED, BOOKING_HELD, BOOKING_CONFIRMED, BOOKING_EXPIRED, BOOKING_CANCELLED, PAYMENT_FAILED,
    REFUND_SUCCEEDED, EVENT_CHANGED, EVENT_CANCELLED, EVENT_REMINDER, ORGANIZER_MESSAGE,
)  # fmt: skip

BULK = (ORGANIZER_MESSAGE, EVENT_REMINDER)  # written to many, and none of it is urgent

HELD, CONFIRMED = "held", "confirmed"
LIVE = (HELD, CONFIRMED)
PUBLISHED, CANCELLED = "published", "cancelled"

REMIND_BEFORE = timedelta(hours=24)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=4)
GIVE_UP_AFTER, LEAST_ATTEMPTS = timedelta(hours=48), 5


@dataclass(frozen=True, slots=True)
class Change:
    """What of an event is no longer as people were told."""

    label: str
    before: str
    after: str


def places(items: Sequence[Mapping[str, Any]]) -> str:
    """What was booked, in words, such as two of Stalls and one of Balcony."""
    return ", ".join(f"{item['quantity']} × {item['name']}" for item in items)


def moment(at: str, zone: str) -> str:
    """A time of the wire as it is on the clock of a place: Wed 1 May 2030, 20:00 CEST."""
    local = _local(at, zone)
    return f"{_day(local)}, {local:%H:%M} {_abbreviation(local)}"


def period(start: str, end: str, zone: str) -> str:
    """From when to when, on the clock of a place; each end with its own abbreviation where these differ."""
    first, last = _local(start, zone), _local(end, zone)
    clock = f" {_abbreviation(first)}" if _abbreviation(first) != _abbreviation(last) else ""
    begins = f"{_day(first)}, {first:%H:%M}{clock}"
    ends = f"{last:%H:%M} {_abbreviation(last)}"
    if first.date() == last.date():
        return f"{begins}–{ends}" if not clock else f"{begins} – {ends}"
    return f"{begins} – {_day(last)}, {ends}"


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """What people must be told anew of date, end, time zone and location: whatever would read differently."""
    pairs = {"When": (_when(before), _when(after)), "Where": (before["location"], after["location"])}
    return [Change(label, *pair) for label, pair in pairs.items() if pair[0] != pair[1]]


def is_outdated(
    kind: str, facts: Mapping[str, Any], booking: str | None, event: Mapping[str, Any] | None, now: datetime
) -> bool:
    """Whether a mail not sent yet would by now mislead.

    `booking` and `event` are what is known now of the booking's status and of the event, if anything.
    """
    if kind in (BOOKING_HELD, PAYMENT_FAILED):
        return booking not in (None, HELD)
    if kind == BOOKING_EXPIRED:
        return booking in (CONFIRMED, CANCELLED)
    if kind == BOOKING_CONFIRMED:
        return booking not in (None, *LIVE)
    if kind in (EVENT_CHANGED, EVENT_REMINDER) and event is not None:
        moved = kind == EVENT_REMINDER and facts["event"]["date"] != event["date"]
        over = datetime.fromisoformat(event["endDate"]) <= now
        return moved or over or event["status"] != PUBLISHED
    return False


def wait_after(attempts: int) -> timedelta:
    """How long a mail waits after so many failures: doubling from half a minute to four hours."""
    return min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)


def _when(terms: Mapping[str, str]) -> str:
    return period(terms["date"], terms["endDate"], terms["timezone"])


def _local(at: str, zone: str) -> datetime:
    return datetime.fromisoformat(at).astimezone(ZoneInfo(zone))


def _day(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%b %Y}"


def _abbreviation(local: datetime) -> str:
    """CEST; for the many zones whose abbreviation is only a number, that as an offset from UTC."""
    name = local.tzname() or "UTC"
    return name if name[0].isalpha() else f"UTC{name[:3]}:{name[3:] or '00'}"
