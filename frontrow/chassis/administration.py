"""The site for operators at /admin/: what it is called, its order, and middleware that only it pays for."""

from functools import update_wrapper
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from frontrow.chassis.middleware import request_id
from frontrow.chassis.refusals import BadRequest, Refusal

PREFIX = "/admin/"


class Site(AdminSite):
    """The admin of the services of this process."""

    site_header = site_title = "Frontrow"
    index_title = "Operations"
    site_url = None

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        from frontrow.chassis.administrators import SignIn  # its models are not loaded with this module

        self.login_form = SignIn
        return super().login(request, extra_context)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Any page but the sign-in. Text that PostgreSQL cannot store is refused, not a fault there."""

        def checked(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
            if "\0" in request.path_info or any("\0" in value for value in request.GET.values()):
                raise BadRequest
            return view(request, *args, **named)

        return super().admin_view(update_wrapper(checked, view), cacheable)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The apps in the order of SERVICES, what they stand on last."""
        order = {name: place for place, name in enumerate(settings.SERVICES)}
        apps = super().get_app_list(request, app_label)
        return sorted(apps, key=lambda app: order.get(app["app_label"], len(order)))


class _ForAdminOnly(MiddlewareMixin):
    """Django's middleware, passed by for every request outside of /admin/: the API keeps no sessions."""

    def __call__(self, request: HttpRequest) -> Any:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        return super().__call__(request)


class Sessions(_ForAdminOnly, SessionMiddleware):
    pass


class Authentication(_ForAdminOnly, AuthenticationMiddleware):
    pass


class Messages(_ForAdminOnly, MessageMiddleware):
    pass


class Forgery(Refusal):
    code, status = "forgery_suspected", 403
    detail = "The form is old, or not from here. Go back, load the page again, and send it once more."


def refuse_forgery(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form without the token that proves it ours."""
    return Forgery().answer(request_id())
