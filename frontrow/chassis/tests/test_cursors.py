"""Pages of a list, walked over the chassis' own table of jobs."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from frontrow.chassis.cursors import InvalidCursor, PageQuery, page
from frontrow.chassis.models import Job

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ORDER = ["-next_at", "name"]


@pytest.fixture
def jobs():
    """Ten jobs, of which several are due at the same moment."""
    return Job.objects.bulk_create(
        Job(name=f"job-{n}", next_at=NOON + timedelta(microseconds=n // 3)) for n in range(10)
    )


def names(rows):
    return [row.name for row in rows]


def walk(order, limit):
    """The names on each page, from the first to the last."""
    cursor, pages = None, []
    while not pages or (cursor and len(pages) < 20):
        rows, cursor = page(Job.objects.all(), order, PageQuery(limit=limit, cursor=cursor))
        pages.append(names(rows))
    return pages


def made(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize("order", [["name"], ["-name"], ["next_at", "name"], ORDER], ids=str)
def test_all_pages_together_are_the_whole_list_in_order(jobs, order):
    for limit in (1, 3, 4, 9, 10, 11):
        pages = walk(order, limit)
        assert [name for each in pages for name in each] == names(Job.objects.order_by(*order))
        assert [len(each) for each in pages[:-1]] == [limit] * (len(pages) - 1)
        assert pages[-1]


def test_an_empty_list_is_one_empty_page():
    assert page(Job.objects.all(), ORDER, PageQuery()) == ([], None)


def test_new_and_deleted_rows_shift_nothing(jobs):
    first, cursor = page(Job.objects.all(), ["name"], PageQuery(limit=3))
    Job.objects.create(name="job-", next_at=NOON)
    Job.objects.filter(name="job-2").delete()
    second, _ = page(Job.objects.all(), ["name"], PageQuery(limit=3, cursor=cursor))
    assert names(first) + names(second) == [f"job-{n}" for n in range(6)]


def test_a_cursor_keeps_to_the_rows_that_are_asked_for(jobs):
    due = Job.objects.filter(next_at__gt=NOON)
    first, cursor = page(due, ["name"], PageQuery(limit=4))
    second, end = page(due, ["name"], PageQuery(limit=4, cursor=cursor))
    assert names(first) + names(second) == [f"job-{n}" for n in range(3, 10)]
    assert end is None


def test_a_cursor_of_another_order_is_refused(jobs):
    _, cursor = page(Job.objects.all(), ["next_at", "name"], PageQuery(limit=1))
    with pytest.raises(InvalidCursor):
        page(Job.objects.all(), ORDER, PageQuery(cursor=cursor))


WORD, TIME = "-next_at,name", NOON.isoformat()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "====",
        "!",
        " ",
        "null",
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"[" * 300).decode(),
        base64.urlsafe_b64encode(b"1").decode(),
        base64.urlsafe_b64encode(b"null").decode(),
        base64.urlsafe_b64encode(b"{}").decode(),
        base64.urlsafe_b64encode(b'["-next_at,name", NaN, "x"]').decode(),
        made(),
        made(WORD),
        made(WORD, TIME),
        made(WORD, TIME, "a", "b"),
        made("name", "a"),
        made(["-next_at,name"], TIME, "a"),
        made(WORD, None, "a"),
        made(WORD, True, "a"),
        made(WORD, [TIME], "a"),
        made(WORD, {"a": 1}, "a"),
        made(WORD, "not a time", "a"),
        made(WORD, "2030-13-01T00:00:00+00:00", "a"),
        made(WORD, 1, "a"),
        made(WORD, 1e308, "a"),
        made(WORD, 2**64, "a"),
        made(WORD, TIME, "a\0b"),
        made(WORD, TIME, "\ud800"),
        made(WORD, TIME, "a" * 65),
        made("name__password", "a"),
    ],
)
def test_a_made_up_cursor_is_refused_by_name(jobs, cursor):
    with pytest.raises(InvalidCursor) as refused:
        page(Job.objects.all(), ORDER, PageQuery(cursor=cursor))
    assert (refused.value.code, refused.value.status) == ("invalid_cursor", 422)


@pytest.mark.parametrize("limit", [0, -1, 101, "x", "", None, 1.5, 10**30])
def test_a_page_has_one_to_a_hundred_rows(limit):
    with pytest.raises(ValidationError):
        PageQuery(limit=limit)


@pytest.mark.parametrize("cursor", ["x" * 501, "ü"])
def test_a_cursor_is_short_and_plain(cursor):
    with pytest.raises(ValidationError):
        PageQuery(cursor=cursor)


@pytest.mark.parametrize(
    "moment",
    [
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2030-01-01T00:00:00",
        "2030-01-01",
        "soon",
        5,
    ],
)
def test_a_made_up_time_in_a_cursor_is_refused_by_name(jobs, moment):
    with pytest.raises(InvalidCursor):
        page(Job.objects.all(), ORDER, PageQuery(cursor=made(",".join(ORDER), moment, "job-1")))


def test_a_page_has_twenty_rows_unless_asked():
    assert PageQuery().limit == 20
