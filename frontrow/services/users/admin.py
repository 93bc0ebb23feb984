"""What operators see of users. Passwords, tokens and private keys are never shown."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest

from frontrow.chassis import clock
from frontrow.chassis.admin import ReadOnly
from frontrow.chassis.refusals import NotFound
from frontrow.services.users import disabling
from frontrow.services.users.erasing import LastAdministrator
from frontrow.services.users.models import Link, RefreshToken, SigningKey, User


@admin.register(User)
class Users(ReadOnly):
    list_display = ("username", "email", "user_id", "is_admin", "is_active", "created_at")
    list_filter = ("is_admin", "is_active", "created_at")
    search_ids = ("user_id",)
    search_fields = ("username", "email")
    ordering = ("-user_id",)
    fields = (
        "user_id", "username", "email", "email_confirmed_at", "profile_info", "is_admin", "is_active",
        "version", "created_at", "updated_at",
    )  # fmt: skip
    actions = ("disable", "enable")

    @admin.action(description="Disable: end all sessions, and let them buy nothing more")
    def disable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, disabling.disable, "Disabled")

    @admin.action(description="Enable again")
    def enable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, disabling.enable, "Enabled")

    def _each(
        self, request: HttpRequest, queryset: QuerySet[User], act: Callable[[UUID, datetime], bool], done: str
    ) -> None:
        """Do it to each, and write down by whom; one that is refused keeps no other waiting."""
        changed = []
        for person in queryset:
            try:
                if act(person.user_id, clock.now()):
                    changed.append(person)
            except (LastAdministrator, NotFound) as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
        LogEntry.objects.log_actions(int(request.user.pk or 0), changed, CHANGE, f"{done}.")
        self.message_user(request, f"{done}: {len(changed)} of {len(queryset)}.")


@admin.register(Link)
class Links(ReadOnly):
    """Each row is a link that was asked for; nobody can open one by what stands here."""

    list_display = fields = ("link_id", "user_id", "purpose", "created_at", "expires_at", "used_at")
    list_display_links = None
    search_ids = ("link_id", "user_id")
    ordering = ("-created_at",)


@admin.register(RefreshToken)
class Sessions(ReadOnly):
    """Each row is one token of a session; those of one sign-in are a family."""

    list_display = fields = ("family", "person", "created_at", "expires_at", "used_at", "revoked_at")
    list_display_links = None
    list_filter = ("created_at", "revoked_at")
    search_ids = ("family", "user_id")
    search_fields = ("user__username", "user__email")
    ordering = ("-created_at",)
    list_select_related = ("user",)

    @admin.display(description="user")
    def person(self, token: RefreshToken) -> str:
        return token.user.username


@admin.register(SigningKey)
class SigningKeys(ReadOnly):
    list_display = fields = ("kid", "created_at", "retired_at")
    search_fields = ("kid",)
    ordering = ("-kid",)
