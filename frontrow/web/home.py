"""What is on: search, filters, pages."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from frontrow.web import clients
from frontrow.web.clients import Refused
from frontrow.web.discovery import QUICK, SORTS, Wanted, category_name
from frontrow.web.page import page
from frontrow.web.rendering import render

PER_PAGE, MOST_LOOKS, INSTEAD = 12, 8, 4
MOST_CATEGORIES = 8


@page
def home(request: HttpRequest) -> HttpResponse:
    """The events that can be booked, or those that somebody looks for."""
    wanted, cursor = Wanted.read(request.GET), request.GET.get("cursor", "")
    if _is_wordy(request):
        more = {"cursor": cursor} if cursor else {}
        return HttpResponse(status=302, headers={"Location": f"/{wanted.query(**more)}"})
    facts = {**_found(request, wanted, cursor), **_choices(request, wanted)}
    return render(request, "web/home.html", {**facts, "later": bool(cursor)})


@page
def found(request: HttpRequest) -> HttpResponse:
    """The part of that page which changes as somebody types, or reads on.

    It has an address of its own: what is kept for everybody is kept by address.
    """
    wanted, cursor = Wanted.read(request.GET), request.GET.get("cursor", "")
    facts = _found(request, wanted, cursor)
    if cursor:
        return render(request, "web/parts/events_more.html", facts)
    answer = render(request, "web/parts/events_found.html", {**facts, "live": True})
    answer["HX-Push-Url"] = f"/{wanted.query()}"
    return answer


def _is_wordy(request: HttpRequest) -> bool:
    """Whether an address says things that say nothing, as browsers' forms do."""
    return any(value == "" for value in request.GET.values())


def _found(request: HttpRequest, wanted: Wanted, cursor: str) -> dict[str, Any]:
    try:
        events, following = _search(request, wanted, cursor)
    except Refused as refused:
        if refused.code != "invalid_cursor":
            raise
        cursor = ""
        events, following = _search(request, wanted, cursor)
    instead = [] if events or cursor or wanted == Wanted() else _upcoming(request)
    return {
        "events": events, "instead": instead, "wanted": wanted, "filters": list(wanted.filters()),
        "cursor": cursor, "next": following,
        "more": wanted.query(cursor=following) if following else "",
    }  # fmt: skip


def _search(request: HttpRequest, wanted: Wanted, cursor: str) -> tuple[list[dict[str, Any]], str]:
    """A page of events that fit, and the cursor of the next; shorter where events told some that do not."""
    now = timezone.now()
    question = {**wanted.question(now), "limit": PER_PAGE}
    for _ in range(MOST_LOOKS):
        told = clients.get(request, "events", "/events", **question, cursor=cursor)
        events = [event for event in told["items"] if wanted.fits(event, now)]
        cursor = told["nextCursor"] or ""
        if events or not cursor:
            break
    return events, cursor


def _upcoming(request: HttpRequest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = clients.get(request, "events", "/events", limit=INSTEAD)["items"]
    return found


def _choices(request: HttpRequest, wanted: Wanted) -> dict[str, Any]:
    """What the filters offer: what there is, and what was chosen."""
    facets = clients.maybe(request, "events", "/events/facets") or {}
    categories = {facet["name"]: facet["count"] for facet in facets.get("categories", ())[:MOST_CATEGORIES]}
    if wanted.category and wanted.category.casefold() not in map(str.casefold, categories):
        categories[wanted.category] = None
    cities = [facet["name"] for facet in facets.get("cities", ()) if facet["name"]]
    currencies = list(facets.get("currencies", ()))
    if wanted.currency and wanted.currency not in currencies:
        currencies.append(wanted.currency)
    return {
        "categories": [(name, category_name(name), count) for name, count in categories.items() if name],
        "cities": cities, "city_is_known": wanted.city in {"", *cities}, "currencies": currencies,
        "quick": list(QUICK.items()), "sorts": list(SORTS.items()),
    }  # fmt: skip
