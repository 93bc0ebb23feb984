"""What people enter as they write it: amounts of money, and times on the clocks of a place."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.numbers import get_decimal_symbol
from django.utils import translation
from iso4217 import Currency

from frontrow.chassis import language

GROUPED = re.compile(r"[0-9]+|[0-9]{1,3}([.,])[0-9]{3}(?:\1[0-9]{3})*")
BLANKS = re.compile(r"[\s'\u2019]")
LOCAL = "%Y-%m-%dT%H:%M"
MOST_CHARACTERS = 20  # of an amount; Decimal counts exactly up to 28 digits


class Unreadable(ValueError):
    """What is entered is no such thing, or could be two."""


class Twice(Unreadable):
    """A time that clocks show twice: on that day they go back over it."""


class Skipped(Unreadable):
    """A time that no clock shows: on that day it goes forward over it."""


def is_currency(code: str) -> bool:
    """Whether it is an ISO 4217 code."""
    return code.isupper() and code in Currency.__members__


def digits(currency: str) -> int:
    """How many decimals a currency has. Raises Unreadable for what is none."""
    if not is_currency(currency):
        raise Unreadable(currency)
    return Currency(currency).exponent or 0


def amount(text: str, currency: str) -> int:
    """An amount in minor units, from '12,50', '12.50' or '1.234,50'; never through a float.

    Raises Unreadable for what is none, or could be read in two ways.
    """
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(text)
    whole, decimals = _parts(BLANKS.sub("", text), digits(currency))
    if not GROUPED.fullmatch(whole) or not re.fullmatch(r"[0-9]*", decimals):
        raise Unreadable(text)
    if len(decimals) > digits(currency):
        raise Unreadable(text)
    value = Decimal(f"{re.sub('[.,]', '', whole)}.{decimals or 0}")
    return int(value.scaleb(digits(currency)))


def _parts(plain: str, places: int) -> tuple[str, str]:
    """What stands before and after the decimal mark: the last mark, unless it groups thousands."""
    last = max(plain.rfind("."), plain.rfind(","))
    if last < 0 or plain[last] in plain[:last] or (places == 0 and len(plain) - last == 4):
        return plain, ""
    return plain[:last], plain[last + 1 :]


def written(amount: int, currency: str) -> str:
    """An amount in minor units as one would enter it here: 12.50 or 12,50."""
    return plain(amount, currency).replace(".", get_decimal_symbol(translation.get_language() or "en"))


def plain(amount: int, currency: str) -> str:
    """An amount in minor units as programs read it: 12.50."""
    places = digits(currency)
    return f"{Decimal(amount).scaleb(-places):.{places}f}"


def moment(text: str, zone: str) -> datetime:
    """The moment at which clocks of a zone show a time.

    Raises Skipped for a time they never show, Twice for one they show twice, Unreadable for what is none.
    """
    try:
        shown = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable(text) from error
    if shown.tzinfo is not None:
        raise Unreadable(text)
    there = shown.replace(tzinfo=ZoneInfo(zone))
    try:
        moment = there.astimezone(UTC)
        back = moment.astimezone(there.tzinfo)
    except OverflowError as error:
        raise Unreadable(text) from error
    if back.replace(tzinfo=None) != shown:
        raise Skipped(text)
    if there.replace(fold=1).utcoffset() != there.utcoffset():
        raise Twice(text)
    return moment


def local(moment: datetime, zone: str) -> str:
    """A moment as a field of local time wants it."""
    return language.at(moment, zone).strftime(LOCAL)
