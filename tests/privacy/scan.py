"""Where words stand in a database: every column of every table is read as text, whatever its type."""

from collections.abc import Collection
from typing import Any

from django.db import connection
from psycopg import sql

COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns
JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1, 2
"""
NEVER = {"boolean", "integer", "bigint", "smallint", "double precision", "timestamp with time zone", "date"}


def found(words: Collection[str]) -> dict[str, set[str]]:
    """Which of these words stand in which column, upper and lower case alike."""
    with connection.cursor() as cursor:
        return found_by(cursor, words)


def found_by(cursor: Any, words: Collection[str]) -> dict[str, set[str]]:
    """The same of the database of a cursor."""
    places: dict[str, set[str]] = {}
    cursor.execute(COLUMNS)
    for table, column, kind in cursor.fetchall():
        if kind not in NEVER and (there := _words_in(cursor, table, column, kind, words)):
            places[f"{table}.{column}"] = there
    return places


def columns() -> set[str]:
    """What is looked at: a column that held personal data and was left out would be none of these."""
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        return {f"{table}.{column}" for table, column, kind in cursor.fetchall() if kind not in NEVER}


def _words_in(cursor: Any, table: str, column: str, kind: str, words: Collection[str]) -> set[str]:
    text = "encode({}, 'escape')" if kind == "bytea" else "{}::text"
    look = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE strpos(lower({}), lower(%s)) > 0)").format(
        sql.Identifier(table), sql.SQL(text).format(sql.Identifier(column))
    )
    there = set()
    for word in words:
        cursor.execute(look, [word])
        if cursor.fetchone()[0]:
            there.add(word)
    return there
