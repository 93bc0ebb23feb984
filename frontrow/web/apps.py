"""The pages as a Django app: their templates, static files and translations."""

from django.apps import AppConfig


class Pages(AppConfig):
    name = "frontrow.web"
    label = "web"
