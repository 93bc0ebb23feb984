"""What templates say of events, times and money."""

import hashlib
from datetime import datetime
from functools import cache
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.http import QueryDict
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from frontrow.chassis import language
from frontrow.web import covers

register = template.Library()
PARTS = {"book", "checkout", "left", "review", "reviews"}  # what follows an event's id in other addresses
register.filter("money", language.money)
register.filter("number", language.number)
register.filter("moment", language.moment)
register.filter("day", language.day)
register.filter("clock", language.clock)
register.filter("zone_name", language.city_of_zone)


@register.filter
def get(found: dict[str, Any], name: str) -> Any:
    """One of a dictionary, by a name that is a variable."""
    return found.get(name)


@register.filter
def times(amount: int, number: int) -> int:
    """What so many cost."""
    return amount * number


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file, which changes with its content, so that browsers may keep it."""
    return f"{static(name)}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    with open(str(finders.find(name)), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:12]


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A picture of the sprite; with a label, one that is read aloud."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon" {}><use href="{}#{}"></use></svg>', spoken, asset("web/icons.svg"), name
    )


@register.simple_tag
def event_url(event: dict[str, Any]) -> str:
    """The address of an event's page."""
    return reverse("web:event", args=[event["eventId"], slug(event["title"])])


def slug(title: str) -> str:
    """A title as part of an address, told from an event's parts; 'event' for one of other letters."""
    words = slugify(title)[:60].strip("-") or "event"
    return f"{words}-event" if words in PARTS else words


@register.inclusion_tag("web/parts/when.html")
def when(event: dict[str, Any]) -> dict[str, Any]:
    """Day and time of an event, on the clocks of its place."""
    return {"event": event, "zone": event["timezone"], "same_day": _same_day(event)}


def _same_day(event: dict[str, Any]) -> bool:
    begin, end = (language.at(event[name], event["timezone"]) for name in ("date", "endDate"))
    return begin.date() == end.date() or (end - begin).total_seconds() < 12 * 3600


@register.inclusion_tag("web/parts/cover.html")
def cover(event: dict[str, Any], size: str = "small") -> dict[str, Any]:
    """The picture of an event: its organiser's, or a generated one."""
    made = (
        None if event.get("cover") else covers.art(str(event["eventId"]), event["title"], event["category"])
    )
    return {"event": event, "address": (event.get("cover") or {}).get(size), "size": size, "art": made}


@register.inclusion_tag("web/parts/stars.html")
def stars(average: float, count: int | None = None) -> dict[str, Any]:
    """A rating as stars, to the half."""
    halves = round(average * 2)
    kinds = [
        "star-filled" if halves >= 2 * n else "star-half" if halves == 2 * n - 1 else "star"
        for n in range(1, 6)
    ]
    return {"kinds": kinds, "average": average, "count": count}


@register.simple_tag
def prices(event: dict[str, Any]) -> list[int]:
    """Of its tickets, from the cheapest to the dearest, in minor units."""
    return sorted(kind["price"] for kind in event["ticketTypes"])


@register.filter
def currency_of(event: dict[str, Any]) -> str:
    """The currency that all tickets of an event are sold in."""
    return str(event["ticketTypes"][0]["currency"]) if event["ticketTypes"] else ""


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The query string of this page with changes; what is empty is left out, and so is the page's place."""
    found: QueryDict = context["request"].GET.copy()
    for name in ("cursor", "note"):
        found.pop(name, None)
    for name, value in changes.items():
        found.pop(name, None)
        if value not in (None, ""):
            found[name] = str(value)
    return f"?{found.urlencode()}" if found else "?"


@register.filter
def is_past(moment: datetime) -> bool:
    return moment <= datetime.now(moment.tzinfo)
