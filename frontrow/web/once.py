"""A form that was sent twice does once what it asks for, where the API has no key for that."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.http import HttpRequest

from frontrow.chassis.refusals import Unavailable
from frontrow.web import visitor

REMEMBERED_SECONDS = 1800  # that a form was sent
TURN_SECONDS, TURN_STEPS, STEP_SECONDS = 20, 100, 0.05  # how long another request may take to do it
DOING = "doing"


def token(request: HttpRequest) -> str:
    """What tells this form from all others: its hidden field `token`."""
    return request.POST.get("token") or str(uuid4())


def once(request: HttpRequest, body: Mapping[str, Any], make: Callable[[], str]) -> str:
    """The id of what a form makes; of what it made, if it was sent before just as it is now.

    Without the cache it is made each time. Raises Unavailable if another request is not done in time.
    """
    sent = json.dumps(
        [visitor.of(request).user_id, request.path, request.POST.get("token", ""), body], sort_keys=True
    )
    place = f"sent:{hashlib.sha256(sent.encode()).hexdigest()}"
    for _ in range(TURN_STEPS):
        known = cache.get(place)
        if known not in (None, DOING):
            return str(known)
        if cache.add(place, DOING, TURN_SECONDS) or cache.get(place) is None:  # ours, or nobody can tell
            return _made(place, make)
        time.sleep(STEP_SECONDS)
    raise Unavailable


def _made(place: str, make: Callable[[], str]) -> str:
    try:
        made = str(make())
    except Exception:
        cache.delete(place)
        raise
    cache.set(place, made, REMEMBERED_SECONDS)
    return made
