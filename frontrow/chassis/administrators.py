"""Who enters /admin/: the administrators of users, which is asked again for every page."""

from typing import Any
from uuid import UUID

import structlog
from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.models import LogEntry
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from frontrow.chassis import auth, http
from frontrow.chassis.ids import new_id
from frontrow.chassis.middleware import CLIENT_ADDRESS, client_address
from frontrow.chassis.refusals import Refusal, TooMany, Unavailable

log = structlog.get_logger(__name__)
WRONG = {401, 422}  # not what users knows, or nothing that it could know


class ByUsers(BaseBackend):
    """Signs in at users. A row of auth_user is only the shadow of an account there, and opens nothing."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **_: Any
    ) -> User | None:
        """The shadow of an administrator. Raises TooMany and Unavailable."""
        if request is None or not username or not password:
            return None
        code = request.POST.get("code", "").strip()
        tokens = _sign_in(username, password, code, client_address(request))
        if tokens is None:
            return None
        person = auth.verify(tokens["accessToken"])
        http.ask("users", "POST", "/logout", json={"refreshToken": tokens["refreshToken"]})  # not needed
        return _shadow(person.user_id, username) if person.is_admin else None

    def get_user(self, user_id: int) -> User | None:
        """The shadow, while users says that its account is an administrator's."""
        shadow = User.objects.filter(pk=user_id).first()
        return shadow if shadow and _is_administrator(UUID(shadow.username)) else None


class SignIn(AdminAuthenticationForm):
    """The sign-in form, which takes a code, too, and tells who must wait and what is away."""

    code = forms.CharField(
        required=False, max_length=40, help_text="Only if you sign in in two steps.",
        widget=forms.TextInput({"autocomplete": "one-time-code"}),
    )  # fmt: skip
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "Name, password or code is wrong, or the account is not an administrator's.",
    }

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except Refusal as refusal:
            raise ValidationError(str(refusal), code=refusal.code) from refusal


def forget(user_id: UUID) -> None:
    """Let nothing here lead to a person whose account is erased. What they did stays written, by nobody."""
    nobody = str(new_id())
    User.objects.filter(username=str(user_id)).update(username=nobody, first_name="", is_active=False)
    done_to_them = LogEntry.objects.filter(object_id=str(user_id))
    done_to_them.update(object_id=nobody, object_repr="an erased account")


def _sign_in(login: str, password: str, code: str, address: str) -> dict[str, Any] | None:
    """The tokens that users gives for a password, whose limits count by the client's own address."""
    body = {"username": login, "password": password, **({"code": code} if code else {})}
    answer = http.ask("users", "POST", "/login", json=body, headers={CLIENT_ADDRESS: address})
    if answer.status_code in WRONG:
        return None
    if answer.status_code == TooMany.status:
        raise TooMany(answer.json()["retryAfter"])
    return dict(answer.raise_for_status().json())


def _shadow(user_id: UUID, login: str) -> User:
    known = {"first_name": login[:150], "is_active": True, "is_staff": True, "is_superuser": True}
    shadow, made = User.objects.update_or_create(username=str(user_id), defaults=known)
    if made:
        shadow.set_unusable_password()
        shadow.save(update_fields=["password"])
    return shadow


def _is_administrator(user_id: UUID) -> bool:
    """What users says now. While it is away, who came in stays: operators must see what is wrong."""
    try:
        answer = http.ask("users", "GET", f"/internal/administrators/{user_id}", attempts=1)
    except Unavailable:
        log.warning("administrator_not_checked", user_id=str(user_id))
        return True
    return bool(answer.raise_for_status().json()["admin"])
