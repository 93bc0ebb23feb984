"""The chassis as Django apps."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin
from django.utils.module_loading import autodiscover_modules


class Chassis(AppConfig):
    name = "frontrow.chassis"
    verbose_name = "Messages and jobs"
    default = True

    def ready(self) -> None:
        from frontrow.chassis import clock, logs

        logs.configure()
        if settings.SERVICES:  # the pages alone have no database, hear nothing, and do nothing by the clock
            clock.share()
            autodiscover_modules("handlers", "jobs")


class Admin(admin.AdminConfig):
    default = False
    default_site = "frontrow.chassis.administration.Site"

    def ready(self) -> None:
        super().ready()
        from django.contrib.admin import site
        from django.contrib.auth.models import Group, User

        site.unregister([User, Group])  # shadows of accounts of users, without rights to give
