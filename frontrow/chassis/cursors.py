"""Lists in pages: a cursor names the last row a client saw, so that new rows shift nothing."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, Model, Q, QuerySet
from pydantic import AfterValidator, BaseModel, Field

from frontrow.chassis.refusals import Invalid
from frontrow.chassis.schemas import EARLIEST, LATEST, Out, Query

DEFAULT_LIMIT, MOST = 20, 100
Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item", bound=BaseModel)


class InvalidCursor(Invalid):
    code, detail = "invalid_cursor", "The cursor is not one of this list. Start again without it."


def _plain(value: str | None) -> str | None:
    if value is not None and not value.isascii():
        raise ValueError("must be a cursor that this list gave out")
    return value


class PageQuery(Query):
    """The parameters that every list takes."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = DEFAULT_LIMIT
    cursor: Annotated[str | None, Field(max_length=500), AfterValidator(_plain)] = None


class Page(Out, Generic[Item]):
    """One page of a list; nextCursor is null on the last."""

    items: list[Item]
    next_cursor: str | None


def page(rows: QuerySet[Row], order: Sequence[str], query: PageQuery) -> tuple[list[Row], str | None]:
    """The page after the cursor and the next cursor. `order` ends in a unique column; '-' descends.

    Raises InvalidCursor for one that belongs to another list or order.
    """
    if query.cursor:
        rows = _after(rows, order, _opened(query.cursor, order))
    found = list(rows.order_by(*order)[: query.limit + 1])
    more = len(found) > query.limit
    found = found[: query.limit]
    return found, _sealed(found[-1], order) if more else None


def _after(rows: QuerySet[Row], order: Sequence[str], last: list[Any]) -> QuerySet[Row]:
    wanted, equal = Q(), Q()
    for name, value in zip(order, last, strict=True):
        column, compare = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
        if isinstance(rows.model._meta.get_field(column), DateTimeField):
            value = _moment(value)
        wanted |= equal & Q(**{f"{column}__{compare}": value})
        equal &= Q(**{column: value})
    try:
        return rows.filter(wanted)
    except (ValueError, TypeError, ValidationError):
        raise InvalidCursor from None


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        if EARLIEST < moment < LATEST:
            return moment
    except (ValueError, TypeError, OverflowError):  # no time, or one without an offset
        pass
    raise InvalidCursor


def _sealed(row: Model, order: Sequence[str]) -> str:
    values = [_told(getattr(row, name.lstrip("-"))) for name in order]
    return base64.urlsafe_b64encode(json.dumps([",".join(order), *values]).encode()).decode()


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _opened(cursor: str, order: Sequence[str]) -> list[Any]:
    try:
        name, *values = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise InvalidCursor from None
    if name != ",".join(order) or len(values) != len(order) or not all(_simple(value) for value in values):
        raise InvalidCursor
    return values


def _simple(value: Any) -> bool:
    if isinstance(value, str):
        return value.isprintable() and len(value) <= 64
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**62
