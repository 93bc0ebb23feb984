"""The site for operators at /admin/: what it is called, its order, and middleware that only it pays for."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

PREFIX = "/admin/"


class Site(AdminSite):
    """The admin of the services of this process."""

    site_header = site_title = "Frontrow"
    index_title = "Operations"
    site_url = None

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
