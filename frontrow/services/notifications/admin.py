"""What operators see of notifications and of their way by mail."""

from django.contrib import admin

from frontrow.chassis.admin import ReadOnly, ReadOnlyRows, one_of
from frontrow.services.notifications.models import (
    GIVEN_UP,
    SENT,
    SKIPPED,
    WAITING,
    Announcement,
    Delivery,
    Notification,
)
from frontrow.services.notifications.rules import KINDS


class DeliveryRows(ReadOnlyRows):
    model = Delivery


@admin.register(Notification)
class Notifications(ReadOnly):
    list_display = ("notification_id", "kind", "user_id", "booking_id", "date", "told", "read_at")
    list_filter = (one_of("kind", *KINDS), "told")
    ordering = ("-notification_id",)
    search_ids = ("pk", "user_id", "booking_id")
    inlines = (DeliveryRows,)


@admin.register(Delivery)
class Deliveries(ReadOnly):
    list_display = ("notification_id", "kind", "user_id", "state", "attempts", "next_at", "sent_at", "error")
    list_filter = (one_of("state", WAITING, SENT, SKIPPED, GIVEN_UP),)
    list_select_related = ("notification",)
    ordering = ("-pk",)
    search_ids = ("pk", "notification__user_id", "notification__booking_id")

    @admin.display(ordering="notification__kind")
    def kind(self, delivery: Delivery) -> str:
        return delivery.notification.kind

    @admin.display
    def user_id(self, delivery: Delivery) -> str:
        return str(delivery.notification.user_id)


@admin.register(Announcement)
class Announcements(ReadOnly):
    list_display = ("announcement_id", "kind", "event_id", "created_at", "attempts", "next_at", "done_at")
    list_filter = (one_of("kind", *KINDS),)
    ordering = ("-pk",)
    search_ids = ("pk", "event_id")
