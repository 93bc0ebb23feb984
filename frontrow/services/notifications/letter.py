"""A notification as a mail: plain text and HTML from one set of words, and a calendar attachment."""

from collections.abc import Sequence
from datetime import datetime
from email.mime.text import MIMEText
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy

from frontrow.chassis import language
from frontrow.services.notifications import calendar, rules, times
from frontrow.services.notifications.models import Notification
from frontrow.services.notifications.wording import Change
from frontrow.services.notifications.words import words

LISTED = (rules.BOOKING_HELD, rules.BOOKING_CONFIRMED)  # kinds that show what was booked, with prices
OVER = (rules.BOOKING_CANCELLED, rules.EVENT_CANCELLED)


def letter(
    notification: Notification, address: str, name: str, tickets: Sequence[UUID], now: datetime
) -> EmailMultiAlternatives:
    """The mail to a person, in the language that is active.

    `tickets`: bookings whose calendar entries it brings or takes away.

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
            "Content-Language": shown["language"],
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
        "name": name, "site": site, "kind": kind, "language": translation.get_language(),
        "words": said,
        "event": _event(facts["event"], said.changes) if facts.get("event") else None,
        "is_off": kind == rules.EVENT_CANCELLED,
        "items": _items(facts) if kind in LISTED else [],
        "total": language.money(facts["amount"], facts["currency"]) if kind in LISTED else "",
        "deadline": said.deadline,
        "attached": ATTACHED[kind] if tickets else "",
        "reason": REASONS.get(kind, BOOKED if facts.get("event") else KNOWN),
    }  # fmt: skip


def _event(event: dict[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """When and where, each with how it looks; what is new stands over what it was."""
    starts, zone = datetime.fromisoformat(event["date"]), event["timezone"]
    was = {change.what: change.before for change in changes}
    when = times.period(event["date"], event["endDate"], zone)
    lines = []
    for what, text in ((rules.TIME, when), (rules.PLACE, event["location"])):
        lines.append({"look": "new" if what in was else "soft", "text": text})
        lines.extend({"look": "soft over", "text": was[what]} for _ in range(what in was))
    day, month = language.at(starts, zone).day, language.month(starts, zone)
    return {"title": event["title"], "day": day, "month": month, "lines": lines}


def _items(facts: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": item["name"], "quantity": item["quantity"],
         "price": language.money(item["price"] * item["quantity"], facts["currency"])}
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


TAKEN_OUT = gettext_lazy("The attached entry takes it out of your calendar.")
ATTACHED = {
    rules.BOOKING_CONFIRMED: gettext_lazy("The attached entry puts it into your calendar."),
    rules.EVENT_CHANGED: gettext_lazy("The attached entry moves it in your calendar."),
    rules.BOOKING_CANCELLED: TAKEN_OUT,
    rules.EVENT_CANCELLED: TAKEN_OUT,
}
BOOKED = gettext_lazy("Frontrow wrote to you because you booked this event.")
KNOWN = gettext_lazy("Frontrow wrote to you because you have an account.")
REASONS = {
    rules.USER_REGISTERED: gettext_lazy(
        "Frontrow wrote to you because this address was registered at Frontrow."
    ),
    rules.PAYMENT_FAILED: gettext_lazy("Frontrow wrote to you because you tried to pay for a booking."),
    rules.REFUND_SUCCEEDED: gettext_lazy("Frontrow wrote to you because you paid for a booking."),
}
