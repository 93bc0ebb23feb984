"""What people say of an event, and by what name they are known."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from frontrow.web import clients
from frontrow.web.clients import Refused

PER_PAGE = 10
SORTS = ("newest", "highest", "lowest")


def of_event(request: HttpRequest, event_id: str) -> dict[str, Any] | None:
    """A page of an event's reviews, with names, the histogram as rows, and where it goes on.

    None while reviews is away.
    """
    sort = request.GET.get("sort", "")
    sort, cursor = sort if sort in SORTS else SORTS[0], request.GET.get("cursor", "")
    asked = {"sort": sort, "limit": PER_PAGE}
    try:
        told = clients.maybe(request, "reviews", f"/reviews/{event_id}", **asked, cursor=cursor)
    except Refused as refused:
        if refused.code != "invalid_cursor":
            raise
        cursor, told = "", clients.maybe(request, "reviews", f"/reviews/{event_id}", **asked)
    if told is None:
        return None
    known = names(request, (review["userId"] for review in told["items"]))
    reviews = [{**review, "name": known.get(review["userId"]) or _("Somebody")} for review in told["items"]]
    bars = [(int(stars), number) for stars, number in sorted(told["histogram"].items(), reverse=True)]
    return {**told, "items": reviews, "bars": bars, "sort": sort, "cursor": cursor}


def names(request: HttpRequest, user_ids: Iterable[str]) -> dict[str, str]:
    """The names by which people are shown to everybody; of none while users is away."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    told = clients.briefly(request, "users", "POST", "/internal/people", body={"userIds": wanted})
    return {person["userId"]: person["name"] for person in told["people"]} if told else {}
