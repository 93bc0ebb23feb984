"""The story of facets: by what people can narrow the list of events."""

from datetime import datetime
from typing import Any

from django.db.models import Count

from frontrow.services.events import rules
from frontrow.services.events.models import PUBLISHED, Event

SECONDS = 60  # that they are remembered: every published event is counted
MOST = 50


def of_events(now: datetime) -> dict[str, Any]:
    """Categories and cities of published events that are not over, MOST of each, and all currencies.

    Those spelt alike are counted together, in the way that search finds them together.
    """
    shown = Event.objects.filter(status=PUBLISHED, end_date__gt=now)
    categories = shown.values_list("category").annotate(Count("event_id"))
    places = shown.values_list("location").annotate(Count("event_id"))
    cities = [(rules.city(location), count) for location, count in places]
    return {
        "categories": _named(rules.most_frequent(categories, str.upper, MOST)),
        "cities": _named(rules.most_frequent(cities, rules.folded, MOST)),
        "currencies": sorted(shown.values_list("currency", flat=True).distinct()),
    }


def _named(found: list[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"name": name, "count": count} for name, count in found]
