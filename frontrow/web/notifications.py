"""What a person was told: the list, and what of it is read."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from frontrow.web import clients, visitor
from frontrow.web.page import action, is_from_here, page, redirect, safe_next
from frontrow.web.rendering import render

PICTURES = {
    "user_registered": "seat", "booking_held": "clock", "booking_confirmed": "ticket",
    "booking_expired": "clock", "booking_cancelled": "cross", "payment_failed": "alert",
    "refund_succeeded": "refund", "event_changed": "calendar", "event_cancelled": "cross",
    "event_reminder": "bell", "new_password": "lock", "confirm_email": "mail", "access_changed": "lock",
}  # fmt: skip
OF_ACCOUNT = ("new_password", "confirm_email", "access_changed")


@page(signed_in=True)
def notifications(request: HttpRequest) -> HttpResponse:
    """What I was told, newest first; looking at the list marks nothing as read."""
    only = {"unread": "true"} if request.GET.get("unread") else {}
    path = f"/notifications/{visitor.of(request).user_id}"
    found = clients.get(request, "notifications", path, cursor=request.GET.get("cursor", ""), **only)
    facts = {
        "items": [_shown(each) for each in found["items"]],
        "next": found["nextCursor"],
        "only": bool(only),
    }
    return render(request, "web/notifications.html", facts)


def _shown(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "picture": PICTURES.get(told["kind"], "mail"), "to": _leads_to(told)}


def _leads_to(told: dict[str, Any]) -> str:
    if told["bookingId"]:
        return f"/my/bookings/{told['bookingId']}"
    if told["kind"] in OF_ACCOUNT:
        return "/account"
    return f"/e/{told['eventId']}" if told["eventId"] else "/"


@page(signed_in=True)
def opened(request: HttpRequest, notification_id: UUID) -> HttpResponse:
    """Go where a notification leads, which is read then: by who looked at the list, and not in advance."""
    if is_from_here(request) and "prefetch" not in request.headers.get("Sec-Purpose", ""):
        _read(request, [str(notification_id)])
    return redirect(request, safe_next(request.GET.get("to", ""), "/my/notifications"))


@action
def read(request: HttpRequest) -> HttpResponse:
    """Mark one as read, or all."""
    one = request.POST.get("notification", "")
    _read(request, [one] if one else None)
    return redirect(request, safe_next(request.POST.get("next", ""), "/my/notifications"))


def _read(request: HttpRequest, which: list[str] | None) -> None:
    path = f"/notifications/{visitor.of(request).user_id}/read"
    clients.ask(request, "notifications", "POST", path, {"notificationIds": which} if which else {})
