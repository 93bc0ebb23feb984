from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from frontrow.web.discovery import QUICK, Wanted, category_name

NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)  # a Wednesday


def event(date=NOON, zone="Europe/Berlin", hours=2, currency="EUR"):
    kinds = [{"currency": currency, "price": 100}]
    return {"date": date, "endDate": date + timedelta(hours=hours), "timezone": zone, "ticketTypes": kinds}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, {}),
        ({"q": "  jazz \n night ", "category": "", "sort": "date"}, {"q": "jazz night"}),
        ({"when": "weekend", "from": "2030-05-01"}, {"when": "weekend"}),
        ({"when": "tomorrow", "from": "2030-05-04", "to": "2030-05-02"}, {"from": "2030-05-02", "to": "2030-05-04"}),
        ({"from": "yesterday", "to": "0001-01-01"}, {}),
        ({"price": "12,50", "currency": "eur"}, {"price": "12.50", "currency": "EUR"}),
        ({"price": "12", "currency": "EUR", "free": "1"}, {"free": "1"}),
        ({"price": "12"}, {}),
        ({"currency": "EUR"}, {}),
        ({"price": "NaN", "currency": "EUR"}, {}),
        ({"price": "-1", "currency": "EUR"}, {}),
        ({"price": "1e5", "currency": "EUR"}, {}),
        ({"price": "1e-40000000", "currency": "EUR"}, {}),
        ({"price": "٣", "currency": "EUR"}, {}),
        ({"price": "0.00000", "currency": "EUR"}, {}),
        ({"price": "100000001", "currency": "EUR"}, {}),
        ({"price": "5", "currency": "clams"}, {}),
        ({"sort": "best"}, {}),
        ({"sort": "rating", "free": "yes"}, {"sort": "rating"}),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_left_out(asked, told):
    assert Wanted.read(asked).parameters() == told


@given(st.dictionaries(
    st.sampled_from(["q", "category", "city", "when", "from", "to", "free", "price", "currency", "sort"]),
    st.text(max_size=5) | st.sampled_from([*QUICK, "1", "2030-01-01", "EUR", "JPY", "9.5", "rating", "1e-9", "1e9"]),
))  # fmt: skip
def test_an_address_says_all_of_it_whatever_was_asked(asked):
    wanted = Wanted.read(asked)
    assert Wanted.read(wanted.parameters()) == wanted
    wanted.question(NOON)
    assert len(list(wanted.filters())) == len({*wanted.parameters()} - {"sort", "currency"}) - (
        wanted.first is not None and wanted.last is not None
    )


def test_prices_are_asked_in_the_minor_units_of_their_currency():
    def most(price, currency):
        return Wanted(price=Decimal(price), currency=currency).question(NOON)["maxPrice"]

    assert (most("12.50", "EUR"), most("5000", "JPY"), most("1.5", "KWD")) == (1250, 5000, 1500)
    assert Wanted(free=True).question(NOON)["maxPrice"] == 0
    assert Wanted().question(NOON)["maxPrice"] is None


def test_a_price_in_one_currency_says_nothing_of_another():
    cheap = Wanted(price=Decimal(50), currency="EUR")
    assert cheap.fits(event(), NOON)
    assert not cheap.fits(event(currency="JPY"), NOON)


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2030, 5, 1), date(2030, 5, 4), date(2030, 5, 5)),
        (date(2030, 5, 3), date(2030, 5, 4), date(2030, 5, 5)),
        (date(2030, 5, 4), date(2030, 5, 4), date(2030, 5, 5)),
        (date(2030, 5, 5), date(2030, 5, 5), date(2030, 5, 5)),
        (date(2030, 5, 6), date(2030, 5, 11), date(2030, 5, 12)),
    ],
)
def test_the_weekend_is_what_is_left_of_it_or_the_next(today, first, last):
    assert Wanted(when="weekend").days(today) == (first, last)


def test_a_day_is_one_of_the_place_where_it_happens():
    first_of_may = Wanted(first=date(2030, 5, 1), last=date(2030, 5, 1))
    evening = datetime(2030, 5, 2, 3, tzinfo=UTC)  # still the first of May in Los Angeles
    assert first_of_may.fits(event(evening, "America/Los_Angeles"), NOON)
    assert not first_of_may.fits(event(evening, "Europe/Berlin"), NOON)


@given(
    st.sampled_from(["today", "weekend", "month", ""]), st.integers(-72, 40 * 24),
    st.sampled_from(["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin", "Asia/Kathmandu"]), st.integers(0, 24 * 8),
)  # fmt: skip
def test_whatever_fits_is_asked_for(when, hours, zone, later):
    now = NOON + timedelta(hours=later)
    wanted = Wanted(when=when) if when else Wanted(first=now.date(), last=now.date() + timedelta(days=9))
    one = event(now + timedelta(hours=hours), zone)
    question = wanted.question(now)
    asked = datetime.fromisoformat(question["from"]) <= one["date"] <= datetime.fromisoformat(question["to"])
    assert asked or not wanted.fits(one, now)


def test_what_is_over_is_found_only_by_who_asks_for_the_past():
    over = event(NOON - timedelta(hours=5))
    assert not Wanted(when="today").fits(over, NOON)
    assert not Wanted(first=date(2030, 5, 1)).fits(over, NOON)
    assert Wanted(first=date(2030, 4, 1)).fits(over, NOON)
    assert Wanted(sort="rating").fits(over, NOON)


def test_each_filter_can_be_left_out_alone():
    wanted = Wanted(q="jazz", city="Berlin", first=date(2030, 5, 1), last=date(2030, 5, 2), free=True)
    assert list(wanted.filters()) == [
        ("“jazz”", "/?city=Berlin&from=2030-05-01&to=2030-05-02&free=1"),
        ("Berlin", "/?q=jazz&from=2030-05-01&to=2030-05-02&free=1"),
        ("Wed, 1 May 2030 to Thu, 2 May 2030", "/?q=jazz&city=Berlin&free=1"),
        ("Free", "/?q=jazz&city=Berlin&from=2030-05-01&to=2030-05-02"),
    ]
    (price,) = Wanted(price=Decimal("12.5"), currency="EUR", sort="price").filters()
    assert price == ("up to €12.50", "/?sort=price")


def test_categories_that_organisers_made_up_are_shown_as_they_are():
    with translation.override("en"):
        assert [category_name(each) for each in ("Concert", "poetry slam", "")] == [
            "Concert",
            "Poetry slam",
            "",
        ]
