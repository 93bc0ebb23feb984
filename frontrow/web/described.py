"""An event in the words of schema.org, for machines that read pages."""

import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from iso4217 import Currency

from frontrow.web import panel

SCHEMA = "https://schema.org"
ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}
STATUS = {"cancelled": f"{SCHEMA}/EventCancelled"}
AVAILABLE = {
    "open": "InStock", "soon": "PreOrder", "sold_out": "SoldOut", "ended": "SoldOut", "over": "Discontinued",
    "cancelled": "Discontinued", "draft": "Discontinued",
}  # fmt: skip


def script(event: dict[str, Any], address: str, organizer: str) -> SafeString:
    """The JSON-LD of an event, which nothing in it can end: data, not script."""
    told = json.dumps(_event(event, address, organizer), ensure_ascii=False)
    return mark_safe(told.translate(ESCAPES))  # noqa: S308, no < or > is left


def _event(event: dict[str, Any], address: str, organizer: str) -> dict[str, Any]:
    zone = ZoneInfo(event["timezone"])
    place = {"@type": "Place", "name": event["location"], "address": event["location"]}
    return {
        "@context": SCHEMA, "@type": "Event", "name": event["title"], "url": address,
        "description": event["description"], "location": place,
        "startDate": event["date"].astimezone(zone).isoformat(),
        "endDate": event["endDate"].astimezone(zone).isoformat(),
        "eventStatus": STATUS.get(event["status"], f"{SCHEMA}/EventScheduled"),
        "eventAttendanceMode": f"{SCHEMA}/OfflineEventAttendanceMode",
        "offers": [_offer(kind, event, address) for kind in event["ticketTypes"]],
        **_more(event, organizer),
    }  # fmt: skip


def _more(event: dict[str, Any], organizer: str) -> dict[str, Any]:
    """What not every event has."""
    told: dict[str, Any] = {}
    rating = event["rating"]
    if event.get("cover"):
        told["image"] = [settings.ENVIRONMENT.public_url.rstrip("/") + event["cover"]["large"]]
    if organizer:
        told["organizer"] = {"@type": "Organization", "name": organizer}
    if rating["count"]:
        told["aggregateRating"] = {
            "@type": "AggregateRating", "ratingValue": rating["average"], "ratingCount": rating["count"],
            "bestRating": 5, "worstRating": 1,
        }  # fmt: skip
    return told


def _offer(kind: dict[str, Any], event: dict[str, Any], address: str) -> dict[str, Any]:
    digits = Currency(kind["currency"]).exponent or 0
    state = panel.state(event, timezone.now())
    gone = state == "open" and not min(kind["availability"], event["availability"])
    told = {
        "@type": "Offer", "name": kind["name"], "url": address, "priceCurrency": kind["currency"],
        "price": f"{Decimal(kind['price']).scaleb(-digits):f}",
        "availability": f"{SCHEMA}/{'SoldOut' if gone else AVAILABLE[state]}",
        "validThrough": event["salesEnd"].isoformat(),
    }  # fmt: skip
    return {**told, "validFrom": event["salesStart"].isoformat()} if event["salesStart"] else told
