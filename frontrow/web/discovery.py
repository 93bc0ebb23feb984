"""What somebody looks for: from an address to a question, and back. Time is an argument."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from iso4217 import Currency

from frontrow.chassis import language

WORDS_LENGTH, CATEGORY_LENGTH, DEAREST = 200, 60, Decimal(10**8)
FIRST_DAY, LAST_DAY = date(1971, 1, 1), date(2199, 12, 1)
EARLIEST, LATEST = (
    timezone(timedelta(hours=14)),
    timezone(timedelta(hours=-12)),
)  # where a day begins, and ends
MONTH, SATURDAY = timedelta(days=30), 5
PRICE = re.compile(r"[0-9]{1,9}([.,][0-9]{1,4})?")  # written out, '1e-40000000' would fill the memory
QUICK: dict[str, str | Promise] = {
    "today": gettext_lazy("Today"),
    "weekend": gettext_lazy("This weekend"),
    "month": gettext_lazy("Next 30 days"),
}
SORTS: dict[str, str | Promise] = {
    "date": gettext_lazy("Soonest first"),
    "price": gettext_lazy("Cheapest first"),
    "newest": gettext_lazy("Newly listed"),
    "rating": gettext_lazy("Best rated, past ones too"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for. Days are those of the calendar where an event takes place."""

    q: str = ""
    category: str = ""
    city: str = ""
    when: str = ""
    first: date | None = None
    last: date | None = None
    free: bool = False
    price: Decimal | None = None  # the most, in whole units of `currency`
    currency: str = ""
    sort: str = "date"

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> "Wanted":
        """From the parameters of an address; what makes no sense is as if it was not there."""
        when, sort = asked.get("when", ""), asked.get("sort", "")
        when = when if when in QUICK else ""
        first, last = (None if when else _day(asked.get(name, "")) for name in ("from", "to"))
        if first and last and last < first:
            first, last = last, first
        free, price = asked.get("free") == "1", _price(asked.get("price", ""))
        currency = _currency(asked.get("currency", ""))
        priced = price is not None and currency != "" and not free
        return cls(
            _line(asked.get("q", ""), WORDS_LENGTH), _line(asked.get("category", ""), CATEGORY_LENGTH),
            _line(asked.get("city", ""), WORDS_LENGTH), when, first, last, free,
            price if priced else None, currency if priced else "", sort if sort in SORTS else "date",
        )  # fmt: skip

    def parameters(self) -> dict[str, str]:
        """What an address needs to say, and no more."""
        told = {
            "q": self.q, "category": self.category, "city": self.city, "when": self.when,
            "from": self.first and self.first.isoformat(), "to": self.last and self.last.isoformat(),
            "free": "1" if self.free else "", "price": "" if self.price is None else f"{self.price:f}",
            "currency": self.currency, "sort": "" if self.sort == "date" else self.sort,
        }  # fmt: skip
        return {name: value for name, value in told.items() if value}

    def query(self, **more: str) -> str:
        """The query of an address, with its question mark; '' if nothing is asked."""
        told = {**self.parameters(), **more}
        return f"?{urlencode(told)}" if told else ""

    def filters(self) -> Iterator[tuple[str, str]]:
        """Each thing asked for in words, and the address without it."""
        if self.q:
            yield _("“%(words)s”") % {"words": self.q}, f"/{replace(self, q='').query()}"
        if self.category:
            yield category_name(self.category), f"/{replace(self, category='').query()}"
        if self.city:
            yield self.city, f"/{replace(self, city='').query()}"
        if self.when or self.first or self.last:
            yield self._days_in_words(), f"/{replace(self, when='', first=None, last=None).query()}"
        if self.free:
            yield _("Free"), f"/{replace(self, free=False).query()}"
        if self.price is not None:
            most = language.money(self._minor(), self.currency)
            cheaper = replace(self, price=None, currency="")
            yield _("up to %(price)s") % {"price": most}, f"/{cheaper.query()}"

    def question(self, now: datetime) -> dict[str, Any]:
        """What to ask events; somewhat more may come than fits. Its answers may be shared for a day."""
        today = [now.astimezone(zone).date() for zone in (LATEST, EARLIEST)]
        first, last = self.days(today[0])[0], self.days(today[1])[1]
        return {
            "q": self.q, "category": self.category, "location": self.city, "sort": self.sort,
            "from": first and datetime.combine(first, time.min, EARLIEST).isoformat(),
            "to": last and datetime.combine(last, time(23, 59, 59), LATEST).isoformat(),
            "maxPrice": 0 if self.free else None if self.price is None else self._minor(),
        }  # fmt: skip

    def fits(self, event: Mapping[str, Any], now: datetime) -> bool:
        """Whether an event is on one of the days, where it takes place, and its price in this currency."""
        zone = ZoneInfo(event["timezone"])
        there, today = event["date"].astimezone(zone).date(), now.astimezone(zone).date()
        first, last = self.days(today)
        past = self.sort == "rating" or (self.first is not None and self.first < today)
        return (
            (first or FIRST_DAY) <= there <= (last or LAST_DAY)
            and (past or event["endDate"] > now)
            and self.currency in {"", *(kind["currency"] for kind in event["ticketTypes"])}
        )

    def days(self, today: date) -> tuple[date | None, date | None]:
        """The first and last day, seen from a place where today is this day."""
        if self.when == "today":
            return today, today
        if self.when == "month":
            return today, today + MONTH
        if self.when == "weekend":
            saturday = today + timedelta(days=SATURDAY - min(today.weekday(), SATURDAY))
            return saturday, today + timedelta(days=SATURDAY + 1 - today.weekday())
        return self.first, self.last

    def _minor(self) -> int:
        return int((self.price or Decimal(0)).scaleb(Currency(self.currency).exponent or 0))

    def _days_in_words(self) -> str:
        if self.when:
            return str(QUICK[self.when])
        first, last = (_shown(day) if day else "" for day in (self.first, self.last))
        if not last:
            return _("from %(day)s") % {"day": first}
        if not first:
            return _("until %(day)s") % {"day": last}
        return first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}


def category_name(category: str) -> str:
    """A category as people here call it; organisers may write any."""
    known = {
        "concert": _("Concert"), "conference": _("Conference"), "workshop": _("Workshop"),
        "theatre": _("Theatre"), "comedy": _("Comedy"), "sport": _("Sport"), "film": _("Film"),
        "food": _("Food and drink"), "talk": _("Talk"), "exhibition": _("Exhibition"),
        "festival": _("Festival"), "family": _("Family"),
    }  # fmt: skip
    return known.get(category.casefold(), category[:1].upper() + category[1:])


def _shown(day: date) -> str:
    return language.day(datetime.combine(day, time(12), UTC), "UTC")


def _line(text: str, most: int) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most].strip()


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def _price(text: str) -> Decimal | None:
    if not PRICE.fullmatch(text.strip()):
        return None
    price = Decimal(text.strip().replace(",", "."))
    return price if price <= DEAREST else None


def _currency(text: str) -> str:
    try:
        return str(Currency(text.strip().upper()).code)
    except ValueError:
        return ""
