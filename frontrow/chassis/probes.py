"""Where every process answers operators, whatever else it serves."""

from django.urls import path

from frontrow.chassis import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]
