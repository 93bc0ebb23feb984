from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from frontrow.chassis.schemas import Currency, In, Instant, Line, Out, Query, Text, TimeZone, Whole

INSTANT = TypeAdapter(Instant)
TEXT, LINE = TypeAdapter(Annotated[str, Text(1, 10)]), TypeAdapter(Annotated[str, Line(1, 10)])
WHOLE = TypeAdapter(Annotated[int, Whole(0, 100)])


class Person(In):
    first_name: str
    age: int | None = None


class Wanted(Query):
    first_name: str = ""


def refuses(kind, value):
    with pytest.raises(ValidationError):
        kind.validate_python(value)
    return True


def test_a_body_speaks_camel_case_only():
    assert Person.model_validate({"firstName": "Ada"}).first_name == "Ada"
    assert refuses(TypeAdapter(Person), {"first_name": "Ada"})
    assert refuses(TypeAdapter(Person), {"firstName": "Ada", "first_name": "Ada"})


def test_a_body_with_an_unknown_field_is_refused():
    assert refuses(TypeAdapter(Person), {"firstName": "Ada", "colour": "red"})


def test_what_was_sent_is_told_apart_from_what_was_not():
    assert Person.model_validate({"firstName": "Ada"}).given() == {"first_name": "Ada"}
    assert Person.model_validate({"firstName": "Ada", "age": None}).given() == {
        "first_name": "Ada", "age": None,
    }  # fmt: skip


def test_an_answer_is_made_from_objects_and_speaks_camel_case():
    class Told(Out):
        first_name: str

    made = Told.model_validate(Person.model_validate({"firstName": "Ada"}))
    assert made.model_dump(by_alias=True) == {"firstName": "Ada"}


def test_an_unknown_parameter_is_refused():
    def read(path):
        request = RequestFactory().get(path)
        return Wanted.model_validate(request.GET.dict(), context={"request": request})

    assert read("/?firstName=Ada").first_name == "Ada"
    for path in ("/?first_name=Ada", "/?firstName=Ada&colour=red", "/?="):
        with pytest.raises(ValidationError, match="unknown parameter"):
            read(path)


@pytest.mark.parametrize(
    ("sent", "kept"), [(" Ada ", "Ada"), ("é" * 10, "é" * 10), ("a\tb", "a\tb"), ("\u2003Ada\n", "Ada")]
)
def test_a_text_is_trimmed_and_measured_in_characters(sent, kept):
    assert TEXT.validate_python(sent) == kept
    assert LINE.validate_python(sent) == kept


@pytest.mark.parametrize(
    "sent", ["", "   ", "x" * 11, "a\0b", "a\x07b", "a\x7fb", "a\x85b", "\ud800", 1, None, ["a"]]
)
def test_a_text_that_is_empty_long_or_unprintable_is_refused(sent):
    assert refuses(TEXT, sent)
    assert refuses(LINE, sent)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028", "\u2029"])
def test_a_line_has_no_line_end_within_and_a_text_may(end):
    assert refuses(LINE, f"a{end}b")
    assert TEXT.validate_python(f"a{end}b") == f"a{end}b"


@pytest.mark.parametrize("turn", [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))])
def test_a_line_turns_the_direction_of_nothing_around_it(turn):
    assert refuses(LINE, f"a{turn}b")
    assert TEXT.validate_python(f"a{turn}b") == f"a{turn}b"
    assert LINE.validate_python("עברית") == "עברית"


@given(st.text(max_size=20))
def test_whatever_a_line_accepts_is_one_short_printable_line(sent):
    try:
        kept = LINE.validate_python(sent)
    except ValidationError:
        return
    assert 1 <= len(kept) <= 10
    assert kept.splitlines() == [kept]
    assert kept == kept.strip()
    assert "\0" not in kept


@pytest.mark.parametrize("sent", [0, 1, 100])
def test_a_whole_number_is_a_json_number(sent):
    assert WHOLE.validate_python(sent) == sent


@pytest.mark.parametrize("sent", [-1, 101, 10**400, 1.0, 1.5, "1", True, None, [], float("inf")], ids=str)
def test_anything_else_is_no_whole_number_of_that_range(sent):
    assert refuses(WHOLE, sent)


@given(st.datetimes(datetime(1970, 1, 3), datetime(2199, 12, 30)), st.integers(-23 * 60, 23 * 60))  # noqa: DTZ001
def test_a_time_means_the_same_moment_in_utc_to_the_millisecond(naive, minutes):
    whole = naive.microsecond // 1000 * 1000
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)), microsecond=whole)
    read = INSTANT.validate_python(moment.replace(microsecond=naive.microsecond).isoformat())
    assert (read, read.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2030-05-01T18:00:00Z", datetime(2030, 5, 1, 18, tzinfo=UTC)),
        ("2030-05-01t18:00:00z", datetime(2030, 5, 1, 18, tzinfo=UTC)),
        ("2030-05-01 18:00:00.5+02:00", datetime(2030, 5, 1, 16, 0, 0, 500_000, tzinfo=UTC)),
        ("2030-05-01T00:30:00+01:00", datetime(2030, 4, 30, 23, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_rfc_3339_has_it(sent, read):
    assert INSTANT.validate_python(sent) == read


@pytest.mark.parametrize(
    "sent",
    [
        "2030-05-01T18:00:00",
        "2030-05-01",
        "18:00:00Z",
        "2030-05-01T18:00Z",
        "2030-02-30T18:00:00Z",
        "2030-05-01T25:00:00Z",
        "2030-05-01T18:00:00+0200",
        "2030-05-01T18:00:00+99:00",
        "2030-05-01T18:00:00Z\n",
        "２０３０-05-01T18:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "1969-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "tomorrow",
        "",
        1893456000,
        1893456000.5,
        True,
        None,
        {},
    ],
    ids=lambda sent: str(sent)[:30],
)
def test_what_is_no_time_with_an_offset_is_refused(sent):
    assert refuses(INSTANT, sent)


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([Zz]|[+-]\d\d:\d\d)"))
def test_reading_a_time_ends_in_a_time_or_a_refusal(sent):
    try:
        read = INSTANT.validate_python(sent)
    except ValidationError:
        return
    assert read.tzinfo is UTC


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires"])
def test_a_time_zone_is_one_of_iana(name):
    assert TypeAdapter(TimeZone).validate_python(name) == name


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "europe/berlin", "+01:00", "", "../../etc/passwd", "Europe/Berlin\0"]
)
def test_no_other_time_zone_is_accepted(name):
    assert refuses(TypeAdapter(TimeZone), name)


@pytest.mark.parametrize("code", ["EUR", "JPY", "TRY", "ALL", "KWD"])
def test_a_currency_is_one_of_iso_4217(code):
    assert TypeAdapter(Currency).validate_python(code) == code


@pytest.mark.parametrize("code", ["eur", "EURO", "EU", "ABC", "", "€", "E U", "EUR\n", "MRO", "MRO ", 978])
def test_no_other_currency_is_accepted(code):
    assert refuses(TypeAdapter(Currency), code)
