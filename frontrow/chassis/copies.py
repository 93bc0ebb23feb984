"""Copies of what another service owns, each as of a version: old news never overwrite newer ones."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, models

from frontrow.chassis.arrays import array


class CopyQuerySet(models.QuerySet[Any]):
    """Of a model with a primary key of its owner's and a `version`."""

    def keep(self, key: UUID, version: int, **columns: Any) -> bool:
        """Take over what a message says of something, unless as new or newer is here; whether it was.

        Inserted first: of two that come at once, the second then waits, and its update sees the first.
        """
        self.bulk_create([self.model(pk=key, version=0, **columns)], ignore_conflicts=True)
        return self.filter(pk=key, version__lt=version).update(version=version, **columns) == 1

    def keep_all(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """The same for many at once, by one statement. All name the same columns, key and version among them.

        What they do not name has a default in the database.
        """
        key = self.model._meta.pk.attname
        newest = {row[key]: row for row in sorted(rows, key=lambda row: row["version"])}
        some = [newest[each] for each in sorted(newest)]
        if some:
            with connection.cursor() as cursor:
                columns = [array(row[name] for row in some) for name in some[0]]
                cursor.execute(self._statement(list(some[0])), columns)

    def _statement(self, names: list[str]) -> str:
        """Made of our own models' names only; what others say goes in as parameters."""
        meta = self.model._meta
        columns = [meta.get_field(name).column for name in names]
        given = ", ".join(
            f"%s::{str(meta.get_field(name).db_type(connection)).split('(')[0]}[]" for name in names
        )
        changes = ", ".join(f"{column} = excluded.{column}" for column in columns)
        return (
            f"INSERT INTO {meta.db_table} AS known ({', '.join(columns)}) SELECT * FROM unnest({given})"  # noqa: S608
            f" ON CONFLICT ({meta.pk.column}) DO UPDATE SET {changes} WHERE known.version < excluded.version"
        )
