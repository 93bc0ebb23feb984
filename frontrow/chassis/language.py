"""How the language that is active writes days, numbers and money: as the Unicode CLDR has it, by Babel."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_timezone_location
from babel.numbers import format_currency, format_decimal
from django.utils import translation
from iso4217 import Currency

FORMATS = {"en": "en_GB"}  # days before months, and 24 hours


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    return Locale.parse(FORMATS.get(language, language))


def _here() -> Locale:
    return _locale((translation.get_language() or "en")[:2])


def money(amount: int, currency: str) -> str:
    """An amount in minor units; without cents where it is whole: €45, 45 €, €12.50."""
    digits = Currency(currency).exponent or 0
    value = Decimal(amount).scaleb(-digits)
    if digits == 0 or value != value.to_integral_value():
        return str(format_currency(value, currency, locale=_here()))
    whole = _here().currency_formats["standard"].pattern.replace(".00", "")
    return str(format_currency(value, currency, format=whole, locale=_here(), currency_digits=False))


def number(value: float) -> str:
    return str(format_decimal(value, locale=_here()))


def at(moment: datetime, zone: str) -> datetime:
    """A moment on the clocks of an IANA time zone; '' is UTC."""
    return moment.astimezone(ZoneInfo(zone or "UTC"))


def moment(value: datetime, zone: str) -> str:
    """Wednesday, 1 May 2030, 20:00."""
    return f"{format_date(at(value, zone), 'full', locale=_here())}, {clock(value, zone)}"


def day(value: datetime, zone: str) -> str:
    """Wed 1 May; with the year if that is not this one."""
    there = at(value, zone)
    skeleton = "yMMMEd" if there.year != datetime.now(there.tzinfo).year else "MMMEd"
    return str(format_skeleton(skeleton, there, locale=_here()))


def month(value: datetime, zone: str) -> str:
    """May, short."""
    return str(format_date(at(value, zone), "LLL", locale=_here()))


def clock(value: datetime, zone: str) -> str:
    """20:00."""
    return str(format_time(at(value, zone), "short", locale=_here()))


def city_of_zone(zone: str) -> str:
    """A time zone as people say it: Berlin."""
    return str(get_timezone_location(zone, locale=_here(), return_city=True)) if zone else "UTC"
