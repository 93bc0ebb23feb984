"""Admin pages are to look, never to write; what may be done is an action that calls a story."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import DataError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from frontrow.chassis import clock, parked
from frontrow.chassis.models import Delivery, Job, Outbox
from frontrow.chassis.refusals import BadRequest

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
    """Rows that belong to another, shown on its page; name their `fields`."""

    extra = 0

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields or ()


class ReadOnly(_OnlyToLook, admin.ModelAdmin):
    """Rows to look at. An id is searched in `search_ids` (name indexed ones), a text in `search_fields`."""

    search_ids: ClassVar[Sequence[str]] = ()
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
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

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what a filter offers: other columns could be guessed letter by letter, such as passwords."""
        chosen = [each[0] if isinstance(each, tuple) else each for each in self.list_filter]
        names = [getattr(each, "parameter_name", each) for each in (*chosen, self.date_hierarchy)]
        offered = {name.partition("__")[0] for name in names if isinstance(name, str)}
        return lookup.partition("__")[0] in offered and super().lookup_allowed(lookup, value, request)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list; without its filters where the address asks for what no column can hold."""
        try:
            return super().get_changelist_instance(request)
        except (ValueError, OverflowError, DataError) as error:  # such as the year 99999
            raise IncorrectLookupParameters from error

    def response_action(self, *args: Any, **named: Any) -> Any:
        """What an action answers; rows that no column can hold are refused."""
        try:
            return super().response_action(*args, **named)
        except (ValueError, OverflowError, ValidationError, DataError):
            raise BadRequest from None

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, or None, also for an id that PostgreSQL cannot store."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)


def one_of(field: str, *values: str) -> type[admin.SimpleListFilter]:
    """A filter by a column's known values; Django's own reads the whole table to find them."""

    class OneOf(admin.SimpleListFilter):
        title = parameter_name = field

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(value, value) for value in values]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            return queryset.filter(**{field: self.value()}) if self.value() else queryset

    return OneOf


class State(admin.SimpleListFilter):
    title = parameter_name = "state"
    states = {
        "new": Q(attempts=0, parked_at=None),
        "failed": Q(attempts__gt=0, parked_at=None),
        "parked": Q(parked_at__isnull=False),
    }  # fmt: skip

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("new", "not tried yet"), ("failed", "to be tried again"), ("parked", "parked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(self.states.get(self.value() or "", Q()))


@admin.register(Delivery)
class Deliveries(ReadOnly):
    """Messages on their way to a listener; those that were given up wait for a replay."""

    list_display = ("message_id", "listener", "type", "attempts", "next_at", "parked_at", "error_line")
    list_filter = (State, "listener")
    search_ids = ("message_id",)
    search_fields = ("listener", "error")
    ordering = ("-id",)
    fields = ("message_id", "listener", "attempts", "next_at", "parked_at", "error", "message")
    actions = ("replay",)

    @admin.display
    def type(self, delivery: Delivery) -> str:
        return str(delivery.message["type"])

    @admin.display(description="error")
    def error_line(self, delivery: Delivery) -> str:
        return delivery.error.partition("\n")[0][:120]

    @admin.action(description="Replay what is parked")
    def replay(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        chosen = [each for each in queryset if each.parked_at]
        names = [parked.Name(each.listener, each.message_id) for each in chosen]
        try:
            count = parked.replay(names, clock.now())
        except parked.UnknownParked as refusal:  # somebody else replayed it at the same moment
            self.message_user(request, str(refusal), messages.ERROR)
            return
        LogEntry.objects.log_actions(int(request.user.pk or 0), chosen, CHANGE, "Replayed.")
        self.message_user(request, f"{count} parked messages will be handed over again.")


@admin.register(Outbox)
class OutboxAdmin(ReadOnly):
    """Messages that wait to be relayed."""

    list_display = ("id", "type", "key", "version", "created_at", "request_id")
    list_filter = ("type",)
    search_ids = ("id", "key")
    search_fields = ("type", "request_id")
    ordering = ("id",)


@admin.register(Job)
class Jobs(ReadOnly):
    """Periodic work, and when it runs next."""

    list_display = fields = ("name", "next_at")
    search_fields = ("name",)
    ordering = ("next_at",)
