"""A notification as a mail: plain text and HTML from one set of words, and a calendar attachment."""

from collections.abc import Sequence
from datetime import datetime
from email.mime.text import MIMEText
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from frontrow.chassis import money
from frontrow.services.notifications import calendar, rules
from frontrow.services.notifications.models import Notification
from frontrow.services.notifications.words import words

LISTED = (rules.BOOKING_HELD, rules.BOOKING_CONFIRMED)  # kinds that show what was booked, with prices
OVER = (rules.BOOKING_CANCELLED, rules.EVENT_CANCELLED)


def letter(
    notification: Notification, address: str, name: str, tickets: Sequence[UUID], now: datetime
) -> EmailMultiAlternatives:
    """The mail to a person. `tickets`: bookings whose calendar entries it brings or takes away.

    Sent again it is the same mail: its Message-ID is the notification's.
    """
    site = settings.ENVIRONMENT.public_url.rstrip("/")
    shown = _shown(notification, name, bool(tickets), site)
    mail = EmailMultiAlternatives(
        subject=" ".join(shown["words"].subject.split()),
        body=render_to_string("notifications/letter.txt", shown),
        from_email=settings.ENVIRONMENT.mail_from, to=[address],
        headers={
            "Message-ID": f"<{notification.pk}@{urlsplit(site).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )  # fmt: skip
    mail.attach_alternative(render_to_string("notifications/letter.html", shown), "text/html")
    if tickets and notification.facts["event"]:
        mail.attach(_calendar(notification, tickets, site, now))
    return mail


def _shown(notification: Notification, name: str, tickets: bool, site: str) -> dict[str, Any]:
    """What both templates show."""
    facts, kind = notification.facts, notification.kind
    said = words(kind, facts)
    return {
        "name": name, "site": site, "kind": kind,
        "words": said,
        "event": _event(facts["event"], said.changes) if facts.get("event") else None,
        "is_off": kind == rules.EVENT_CANCELLED,
        "items": _items(facts) if kind in LISTED else [],
        "total": money.shown(facts["amount"], facts["currency"]) if kind in LISTED else "",
        "deadline": said.deadline,
        "attached": ATTACHED[kind] if tickets else "",
        "reason": REASONS.get(kind, "you booked this event" if facts.get("event") else "you have an account"),
    }  # fmt: skip


def _event(event: dict[str, Any], changes: Sequence[rules.Change]) -> dict[str, Any]:
    """When and where, each with how it looks; what is new stands over what it was."""
    starts = datetime.fromisoformat(event["date"]).astimezone(ZoneInfo(event["timezone"]))
    was = {change.label: change.before for change in changes}
    when = rules.period(event["date"], event["endDate"], event["timezone"])
    lines = []
    for label, text in (("When", when), ("Where", event["location"])):
        lines.append({"look": "new" if label in was else "soft", "text": text})
        lines.extend({"look": "soft over", "text": was[label]} for _ in range(label in was))
    return {"title": event["title"], "day": starts.day, "month": f"{starts:%b}", "lines": lines}


def _items(facts: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": item["name"], "quantity": item["quantity"],
         "price": money.shown(item["price"] * item["quantity"], facts["currency"])}
        for item in facts["items"]
    ]  # fmt: skip


def _calendar(notification: Notification, tickets: Sequence[UUID], site: str, now: datetime) -> MIMEText:
    method = calendar.CANCEL if notification.kind in OVER else calendar.PUBLISH
    sender = parseaddr(settings.ENVIRONMENT.mail_from)
    content = calendar.entries(notification.facts["event"], tickets, method, site, sender, now)
    part = MIMEText(content.decode(), "calendar", "utf-8")
    part.set_param("method", method)
    part.add_header("Content-Disposition", "attachment", filename="event.ics")
    return part


ATTACHED = {
    rules.BOOKING_CONFIRMED: "The attached entry puts it into your calendar.",
    rules.EVENT_CHANGED: "The attached entry moves it in your calendar.",
    rules.BOOKING_CANCELLED: "The attached entry takes it out of your calendar.",
    rules.EVENT_CANCELLED: "The attached entry takes it out of your calendar.",
}
REASONS = {
    rules.USER_REGISTERED: "this address was registered at Frontrow",
    rules.PAYMENT_FAILED: "you tried to pay for a booking",
    rules.REFUND_SUCCEEDED: "you paid for a booking",
}
