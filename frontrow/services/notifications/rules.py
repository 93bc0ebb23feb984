"""What may be told, and when. No Django, no clock, no I/O."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

USER_REGISTERED, BOOKING_HELD, BOOKING_CONFIRMED = "user_registered", "booking_held", "booking_confirmed"
BOOKING_EXPIRED, BOOKING_CANCELLED = "booking_expired", "booking_cancelled"
PAYMENT_FAILED, REFUND_SUCCEEDED = "payment_failed", "refund_succeeded"
EVENT_CHANGED, EVENT_CANCELLED, EVENT_REMINDER = "event_changed", "event_cancelled", "event_reminder"
ORGANIZER_MESSAGE = "organizer_message"
NEW_PASSWORD, CONFIRM_EMAIL, ACCESS_CHANGED = "new_password", "confirm_email", "access_changed"
KINDS = (
    USER_REGISTERED, BOOKING_HELD, BOOKING_CONFIRMED, BOOKING_EXPIRED, BOOKING_CANCELLED, PAYMENT_FAILED,
    REFUND_SUCCEEDED, EVENT_CHANGED, EVENT_CANCELLED, EVENT_REMINDER, ORGANIZER_MESSAGE,
    NEW_PASSWORD, CONFIRM_EMAIL, ACCESS_CHANGED,
)  # fmt: skip
ALWAYS = (NEW_PASSWORD, CONFIRM_EMAIL, ACCESS_CHANGED)  # by mail, whatever people wish: accounts depend on it
OPTIONAL = tuple(kind for kind in KINDS if kind not in ALWAYS)
LINKED = (USER_REGISTERED, NEW_PASSWORD, CONFIRM_EMAIL)  # whose mails have a link that works once

UNSAID = ("userId", "organizerId")  # of what we hear: told to nobody, so that no text is searched for people

BULK = (ORGANIZER_MESSAGE, EVENT_REMINDER)  # written to many, and none of it is urgent

BEFORE_MAIL = {BOOKING_HELD: timedelta(minutes=1)}  # by then many have paid, and need no mail that they may

HELD, CONFIRMED = "held", "confirmed"
LIVE = (HELD, CONFIRMED)
TIME, PLACE = "time", "place"
PUBLISHED, CANCELLED = "published", "cancelled"

REMIND_BEFORE = timedelta(hours=24)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=4)
GIVE_UP_AFTER, LEAST_ATTEMPTS = timedelta(hours=48), 5


def places(items: Sequence[Mapping[str, Any]]) -> str:
    """What was booked, in words, such as two of Stalls and one of Balcony."""
    return ", ".join(f"{item['quantity']} × {item['name']}" for item in items)


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """What people must be told anew, of TIME and PLACE: whatever would read differently."""
    pairs = {TIME: (_clocks(before), _clocks(after)), PLACE: (before["location"], after["location"])}
    return tuple(what for what, (was, now) in pairs.items() if was != now)


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


def _clocks(terms: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """Begin and end as read on the clock of the place, and which clock that is."""
    zone = ZoneInfo(terms["timezone"])
    ends = (datetime.fromisoformat(terms[name]).astimezone(zone) for name in ("date", "endDate"))
    return [(f"{end:%Y-%m-%d %H:%M}", end.tzname()) for end in ends]
