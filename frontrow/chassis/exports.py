"""All that a service holds of a person, section by section and page by page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from ninja import Query as InQuery
from ninja import Router
from pydantic import Field
from pydantic.alias_generators import to_camel

from frontrow.chassis.auth import Internal
from frontrow.chassis.schemas import Query

PAGE = 500  # rows


class ExportQuery(Query):
    after: Annotated[str, Field(max_length=200)] = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one kind, and the columns not told; `key` orders them, and is unique among one's own."""

    name: str
    rows: Callable[[UUID], "QuerySet[Any]"]
    hide: frozenset[str] = frozenset()
    key: str = "pk"


def router(service: str, sections: Sequence[Section]) -> Router:
    """The door by which users asks for it: /internal/export/{service}/{userId}."""
    made = Router()
    path = f"/internal/export/{service}/{{uuid:user_id}}"

    @made.get(path, auth=Internal(), include_in_schema=False, url_name=f"export-{service}")
    def export(request: HttpRequest, user_id: UUID, query: InQuery[ExportQuery]) -> Any:
        return page(sections, user_id, query.after)

    return made


def page(sections: Sequence[Section], user_id: UUID, after: str) -> dict[str, Any]:
    """Rows of a section that come after one that was told, and where to go on; None at the end."""
    name, _, last = after.partition(".")
    names = [section.name for section in sections]
    place = names.index(name) if name else 0
    section = sections[place]
    rows = section.rows(user_id).order_by(section.key)
    found = list((rows.filter(**{f"{section.key}__gt": last}) if last else rows)[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    following = f"{names[place + 1]}." if place + 1 < len(sections) else None
    return {
        "section": section.name,
        "rows": [_told(row, section.hide) for row in found],
        "next": f"{section.name}.{getattr(found[-1], section.key)}" if more else following,
    }


def _told(row: Model, hide: frozenset[str]) -> dict[str, Any]:
    names = [field.attname for field in row._meta.concrete_fields]
    return {to_camel(name): getattr(row, name) for name in names if name not in hide}
