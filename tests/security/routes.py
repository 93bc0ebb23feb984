"""Every route that there is, read from the URL configuration, so that none can be forgotten."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import Resolver404, get_resolver, resolve
from ninja import openapi  # noqa: F401  # registers its path converters
from pydantic.alias_generators import to_camel

HTTP = Path(__file__).parents[2] / "contracts" / "http"
NO_METHOD = "BREW"  # that nothing takes, so that every route tells what it does take
ADMIN = "/admin/"


def documented() -> set[str]:
    """The calls of the OpenAPI documents: 'GET /events/{eventId}'."""
    documents = [json.loads(path.read_text())["paths"] for path in sorted(HTTP.glob("*.json"))]
    return {
        f"{method.upper()} {path}" for paths in documents for path, item in paths.items() for method in item
    }


def calls(values: dict[str, str]) -> set[str]:
    """Every call but those of the admin, whose paths these values fill; pages and undocumented ones, too.

    Raises AssertionError for a route that does not say which methods it takes.
    """
    return {f"{method} {path}" for path in paths() if not path.startswith(ADMIN)
            for method in _methods(filled(path, values))}  # fmt: skip


def paths() -> list[str]:
    """Every path, with names for what varies in it."""
    return list(dict.fromkeys("/" + _named(pattern) for pattern in _patterns(get_resolver().url_patterns)))


def filled(path: str, values: dict[str, str]) -> str:
    """A path with these values for its names. Raises KeyError for a name that is not among them."""
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], path)


def is_page(path: str) -> bool:
    """Whether this address is that of a page, where a cookie tells who comes."""
    try:
        return resolve(path.partition("?")[0]).namespace == "web"
    except Resolver404:
        return False


def _patterns(found: list[Any], before: str = "") -> Iterator[str]:
    for each in found:
        whole = before + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from _patterns(each.url_patterns, whole)
        elif each.name != "api-root":  # ninja's own, which is never there
            yield whole


def _named(pattern: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: "{" + to_camel(found[1]) + "}", pattern)


def _methods(path: str) -> list[str]:
    answer = Client(raise_request_exception=False).generic(NO_METHOD, path)
    assert answer.status_code == 405, f"{path} takes any method: {answer.status_code}"
    return [method.strip() for method in answer["Allow"].split(",") if method.strip() != "HEAD"]
