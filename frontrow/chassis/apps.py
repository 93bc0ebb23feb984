from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class Chassis(AppConfig):
    name = "frontrow.chassis"

    def ready(self) -> None:
        from frontrow.chassis import logs

        logs.configure()
        autodiscover_modules("handlers", "jobs")
