"""What notifications holds of a person: what they were told, also by mail, and what they told others."""

from uuid import UUID

from django.db.models import QuerySet

from frontrow.chassis.exports import Section
from frontrow.services.notifications import rules
from frontrow.services.notifications.models import (
    Announcement,
    Delivery,
    Event,
    Notification,
    Person,
    Unwanted,
)


def _announced_by(who: UUID) -> "QuerySet[Announcement]":
    mine = Event.objects.filter(organizer_id=who).values("pk")
    written = Announcement.objects.filter(event_id__in=mine, kind=rules.ORGANIZER_MESSAGE)
    return written.filter(facts__from="organizer")


SECTIONS = (
    Section("contact", lambda who: Person.objects.filter(pk=who)),
    Section("notifications", lambda who: Notification.objects.filter(user_id=who)),
    Section("mails", lambda who: Delivery.objects.filter(notification__user_id=who)),
    Section("unwantedByMail", lambda who: Unwanted.objects.filter(user_id=who), key="kind"),
    Section("announcements", _announced_by),
)
