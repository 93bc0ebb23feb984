"""Admin pages are to look, never to write; what may be done is an action that calls a story."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

MOST_LISTED = 10_000


class Bounded(Paginator):
    """Pages of the first rows only, so that no list counts a large table to its end."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:MOST_LISTED].count())


class _OnlyToLook:
    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False


class ReadOnlyRows(_OnlyToLook, admin.TabularInline):
    """Rows that belong to another, shown on its page."""

    extra = 0


class ReadOnly(_OnlyToLook, admin.ModelAdmin):
    """Rows to look at. An id is searched in `search_ids` (name indexed ones), a text in `search_fields`."""

    search_ids: ClassVar[Sequence[str]] = ()
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    paginator = Bounded

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return (*self.search_ids, *self.search_fields)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows that have the id, or else the text in any of the fields, upper and lower case alike."""
        sought = search_term.strip()
        if not sought:
            return queryset, False
        try:
            wanted = [Q(**{name: UUID(sought)}) for name in self.search_ids]
        except ValueError:
            wanted = []
        wanted = wanted or [Q(**{f"{name}__icontains": sought}) for name in self.search_fields]
        return (queryset.filter(reduce(or_, wanted)) if wanted else queryset.none()), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, or None, also for an id that PostgreSQL cannot store."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)
