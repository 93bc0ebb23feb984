from datetime import UTC, datetime

import pytest
from django.utils import translation

from frontrow.chassis import language

NOW = datetime(2030, 5, 1, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "amount", "currency", "shown"),
    [
        ("en", 4500, "EUR", "€45"), ("de", 4500, "EUR", "45 €"), ("fr", 123450, "EUR", "1 234,50 €"),
        ("es", 1250, "EUR", "12,50 €"), ("de", 5800, "JPY", "5.800 ¥"), ("en", 0, "GBP", "£0"), ("en", 1, "EUR", "€0.01"),
        ("en", 12345, "KWD", "KWD12.345"), ("de", 10_000_000_00, "CHF", "10.000.000 CHF"),
    ],
)  # fmt: skip
def test_money_as_each_language_writes_it(code, amount, currency, shown):
    with translation.override(code):
        assert language.money(amount, currency).replace("\xa0", " ").replace("\u202f", " ") == shown


def test_times_are_those_of_the_place():
    with translation.override("de"):
        assert language.moment(NOW, "Europe/Berlin") == "Mittwoch, 1. Mai 2030, 20:00"
        assert language.clock(NOW, "Asia/Tokyo") == "03:00"
        assert (language.month(NOW, ""), language.month(NOW.replace(day=31, hour=23), "Asia/Tokyo")) == (
            "Mai",
            "Jun",
        )
    with translation.override("en"):
        assert language.moment(NOW, "") == "Wednesday, 1 May 2030, 18:00"


@pytest.mark.parametrize(
    ("code", "this_year", "another"),
    [("en", "Wed 1 May", "Wed, 1 May 2030"), ("fr", "mer. 1 mai", "mer. 1 mai 2030")],
)
def test_a_day_has_its_year_when_that_is_not_this_one(time_machine, code, this_year, another):
    with translation.override(code):
        time_machine.move_to(NOW)
        assert language.day(NOW, "Europe/Paris") == this_year
        time_machine.move_to(datetime(2029, 12, 1, tzinfo=UTC))
        assert language.day(NOW, "Europe/Paris") == another


def test_a_zone_by_its_place():
    with translation.override("fr"):
        assert language.city_of_zone("Europe/London") == "Londres"
        assert language.city_of_zone("") == "UTC"
