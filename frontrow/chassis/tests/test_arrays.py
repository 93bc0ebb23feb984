"""PostgreSQL reads our arrays as what was meant."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import DataError, connection

from frontrow.chassis.arrays import array
from frontrow.chassis.ids import new_id

pytestmark = pytest.mark.django_db
ODD = ["", " ", "NULL", "null", "{}", "a,b", '"', "\\", '\\"', "\\n", "\n\t\r", "'", "%s", "é 🎻 مساء", None]


def read(values, kind):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [array(values)])
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ODD), ("text", []), ("bigint", [1, -(2**40), None]), ("boolean", [True, False, None]),
        ("uuid", [new_id(), None]), ("timestamptz", [datetime(2030, 4, 1, 9, 30, 0, 125, UTC), None]),
    ],
)  # fmt: skip
def test_each_value_is_read_as_itself(kind, values):
    assert read(values, kind) == values


def test_words_in_place_of_values_are_what_they_stand_for():
    key = new_id()
    assert read([str(key)], "uuid") == [UUID(str(key))]


def test_what_postgresql_cannot_keep_is_refused():
    with pytest.raises(DataError):
        read(["\x00"], "text")
