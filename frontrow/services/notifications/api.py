"""The HTTP door of notifications."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from ninja import Header, Status
from ninja import Query as InQuery
from pydantic import Field, StrictBool, model_validator

from frontrow.chassis import clock, exports
from frontrow.chassis.absences import AccountDisabled
from frontrow.chassis.api import Door, answers
from frontrow.chassis.auth import Organizer, Person, TwoFactorNeeded, person
from frontrow.chassis.cursors import InvalidCursor, Page, PageQuery, page
from frontrow.chassis.refusals import InvalidToken, NotFound, NotSignedIn, TooMany
from frontrow.chassis.schemas import In, Line, Out, Text
from frontrow.services.notifications import announcement, notification
from frontrow.services.notifications.announcement import (
    EventCancelled,
    EventNotFound,
    NotAnAdministrator,
    NotTheOrganizer,
    UserNotFound,
)
from frontrow.services.notifications.exporting import SECTIONS
from frontrow.services.notifications.models import Notification

door = Door("notifications", "What people are told, and what of it they want by mail.")
door.add_router("", exports.router("notifications", SECTIONS))

SIGNED_IN = (NotSignedIn, InvalidToken)
OWN = "/notifications/{uuid:user_id}"
ORDER = ("-date", "-notification_id")
AcceptLanguage = Annotated[
    str | None, Header(alias="Accept-Language", description="As browsers send it: de, en;q=0.8")
]
Optional = Literal[
    "user_registered", "booking_held", "booking_confirmed", "booking_expired", "booking_cancelled",
    "payment_failed", "refund_succeeded", "event_changed", "event_cancelled", "event_reminder",
    "organizer_message",
]  # fmt: skip
Kind = Literal[Optional, "new_password", "confirm_email", "access_changed"]


class AnnouncementIn(In):
    message: Annotated[str, Text(1, 5000)]
    subject: Annotated[str, Line(1, 150)] | None = None
    user_id: UUID | None = None
    event_id: UUID | None = None

    @model_validator(mode="after")
    def _to_somebody(self) -> "AnnouncementIn":
        if (self.user_id is None) == (self.event_id is None):
            raise ValueError("send either userId or eventId")
        return self


class AnnouncementOut(Out):
    announcement_id: UUID
    user_id: UUID | None
    event_id: UUID | None
    subject: str | None
    message: str
    date: datetime


class NotificationOut(Out):
    notification_id: UUID
    user_id: UUID
    kind: Kind
    subject: str
    message: str
    date: datetime
    read_at: datetime | None
    event_id: UUID | None
    booking_id: UUID | None


class NotificationsQuery(PageQuery):
    kind: Kind | None = None
    unread: bool = False


class UnreadOut(Out):
    unread: int


class ReadIn(In):
    notification_ids: Annotated[list[UUID], Field(max_length=500)] | None = None


class PreferencesIn(In):
    mail: dict[Optional, StrictBool]


class PreferencesOut(Out):
    mail: dict[Optional, bool]


@door.post("/notifications", auth=Organizer(), **answers(
    202, AnnouncementOut, *SIGNED_IN, TwoFactorNeeded, NotTheOrganizer, NotAnAdministrator, EventNotFound,
    EventCancelled, UserNotFound, TooMany, AccountDisabled,
))  # fmt: skip
def announce(request: HttpRequest, body: AnnouncementIn) -> Any:
    """Write to all who hold places of my event. Administrators: of any event, or to one person."""
    sender, now = person(request), clock.now()
    announcement_id = _announced(sender, body, now)
    return Status(202, AnnouncementOut(announcement_id=announcement_id, date=now, **body.model_dump()))


@door.get(OWN, **answers(200, Page[NotificationOut], *SIGNED_IN, NotFound, InvalidCursor))
def mine(
    request: HttpRequest,
    response: HttpResponse,
    user_id: UUID,
    query: InQuery[NotificationsQuery],
    accept_language: AcceptLanguage = None,
) -> Any:
    """My notifications, newest first, in the first wanted language that we speak, or else in English."""
    rows = Notification.objects.of(_own(request, user_id))
    if query.kind:
        rows = rows.filter(kind=query.kind)
    if query.unread:
        rows = rows.filter(read_at=None)
    found, cursor = page(rows, ORDER, query)
    asked_for = translation.get_language_from_request(request) if accept_language else settings.LANGUAGE_CODE
    notification.in_language(found, asked_for)
    response["Content-Language"] = asked_for
    patch_vary_headers(response, ["Accept-Language"])
    items = [NotificationOut.model_validate(each) for each in found]
    return Page[NotificationOut](items=items, next_cursor=cursor)


@door.get(OWN + "/unread", **answers(200, UnreadOut, *SIGNED_IN, NotFound))
def unread(request: HttpRequest, user_id: UUID) -> Any:
    """How many of my notifications I have not read."""
    return {"unread": Notification.objects.unread_by(_own(request, user_id)).count()}


@door.post(OWN + "/read", **answers(204, None, *SIGNED_IN, NotFound))
def mark_read(request: HttpRequest, user_id: UUID, body: ReadIn) -> Any:
    """Mark these of my notifications as read, or all."""
    notification.read(_own(request, user_id), body.notification_ids, clock.now())
    return Status(204, None)


@door.get(OWN + "/preferences", **answers(200, PreferencesOut, *SIGNED_IN, NotFound))
def preferences(request: HttpRequest, user_id: UUID) -> Any:
    """Which kinds I want by mail. In the app, all are shown."""
    return {"mail": notification.wanted_by_mail(_own(request, user_id))}


@door.put(OWN + "/preferences", **answers(200, PreferencesOut, *SIGNED_IN, NotFound, AccountDisabled))
def change_preferences(request: HttpRequest, user_id: UUID, body: PreferencesIn) -> Any:
    """Choose which kinds I want by mail; those not named stay as they are."""
    return {"mail": notification.want_by_mail(_own(request, user_id), body.mail)}


def _announced(sender: Person, body: AnnouncementIn, now: datetime) -> UUID:
    subject = body.subject or ""
    if body.event_id:
        organizer = None if sender.is_admin else sender.user_id
        return announcement.to_holders(body.event_id, organizer, subject, body.message, now)
    if not sender.is_admin or body.user_id is None:
        raise NotAnAdministrator
    return announcement.to_person(body.user_id, subject, body.message, now)


def _own(request: HttpRequest, user_id: UUID) -> UUID:
    if person(request).user_id != user_id:
        raise NotFound
    return user_id
