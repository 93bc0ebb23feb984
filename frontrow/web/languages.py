"""The languages of the pages, and who gets which."""

from functools import lru_cache
from zoneinfo import available_timezones

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

NAMES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}
COOKIE, COOKIE_SECONDS = "frontrow_language", 365 * 86400


def switched(request: HttpRequest) -> str:
    """The language that somebody chose by the switch; '' if they did not."""
    code = request.COOKIES.get(COOKIE, "")
    return code if code in NAMES else ""


def accepted(request: HttpRequest) -> str:
    """The first of a browser's languages that we speak, or else English."""
    wanted = parse_accept_lang_header(request.headers.get("Accept-Language", "").lower())
    found = (code.split("-")[0] for code, _ in wanted)
    return next((code for code in found if code in NAMES), settings.LANGUAGE_CODE)


def zones(*own: str) -> list[str]:
    """The time zones that people may choose, by name: places, UTC, and what they have already."""
    return sorted(_places() | (known_zones() & {*own}))


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """All IANA time zones: an account or event made by the API may have one that we do not offer."""
    return frozenset(available_timezones())


@lru_cache(maxsize=1)
def _places() -> frozenset[str]:
    return frozenset(zone for zone in known_zones() if _is_place(zone))


def _is_place(zone: str) -> bool:
    return zone == "UTC" or ("/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix/", "right/")))
