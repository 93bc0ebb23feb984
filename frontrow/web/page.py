"""What every page is: for a visitor, in their language, under one origin, kind when something is wrong."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from frontrow.chassis.refusals import Invalid, NotFound, Unavailable
from frontrow.web import errors, rendering, session
from frontrow.web.clients import Refused
from frontrow.web.session import SessionOver
from frontrow.web.visitor import Visitor

log = structlog.get_logger(__name__)
View = Callable[..., HttpResponse]


class SeeOther(HttpResponseRedirect):
    """What was sent is done; the next page is read, so that a reload sends nothing again."""

    status_code = 303


def page(view: View | None = None, *, signed_in: bool = False, post: bool = False) -> Any:
    """A view that may be read; with `post`, also sent. With `signed_in`, others sign in first."""
    methods = ["GET", "HEAD", "POST"] if post else ["GET", "HEAD"]
    return _visited(view, methods, signed_in) if view else lambda view: _visited(view, methods, signed_in)


def action(view: View | None = None, *, signed_in: bool = True) -> Any:
    """A view that changes something: POST, from a page of ours."""
    return _visited(view, ["POST"], signed_in) if view else lambda view: _visited(view, ["POST"], signed_in)


def _visited(view: View, methods: list[str], signed_in: bool) -> View:
    @wraps(view)
    def visited(request: HttpRequest, *words: Any, **named: Any) -> HttpResponse:
        if request.method not in methods:
            return HttpResponseNotAllowed(methods)
        who = rendering.prepare(request, Visitor.of(request))
        with translation.override(who.language):
            return _finished(request, who, _answer(request, who, view, signed_in, words, named))

    return visited


def _answer(
    request: HttpRequest,
    who: Visitor,
    view: View,
    signed_in: bool,
    words: tuple[Any, ...],
    named: dict[str, Any],
) -> HttpResponse:
    if request.method == "POST" and not is_from_here(request):
        log.warning("post_from_elsewhere", origin=request.headers.get("Origin", ""))
        return errors.forbidden(request)
    if signed_in and not who.signed_in:
        return to_sign_in(request)
    try:
        return view(request, *words, **named)
    except SessionOver:
        who.session = None
        if signed_in or request.method == "POST":
            return to_sign_in(request)
        return _answer(request, who, view, signed_in, words, named)
    except Refused as refused:
        if refused.code == "two_factor_needed":
            return redirect(request, "/account/two-factor", note="two-factor-needed")
        return _from_the_start(request, refused) or errors.refused(request, refused)
    except NotFound:
        return errors.not_found(request)
    except Invalid:
        return errors.bad_request(request)
    except Unavailable:
        return errors.unavailable(request)


def _from_the_start(request: HttpRequest, refused: Refused) -> HttpResponse | None:
    """The same list from its beginning, if where to go on in it was what a service refused."""
    told = request.GET.copy()
    wrong = refused.code == "invalid_cursor" or "cursor" in refused.errors
    if request.method == "POST" or not wrong or not told.pop("cursor", None):
        return None
    return HttpResponseRedirect(f"{request.path}?{told.urlencode()}".rstrip("?"))


def _finished(request: HttpRequest, who: Visitor, response: HttpResponse) -> HttpResponse:
    """What a page for everybody must not carry, and what one for a single person must."""
    if who.session != who.came_with or (
        who.session is None and session.cookie_name(request) in request.COOKIES
    ):
        session.keep(request, response, who.session)
    personal = who.is_personal or bool(response.cookies)
    if not response.has_header("Cache-Control"):
        response["Cache-Control"] = "private, no-store" if personal else "no-cache"
    return response


def is_from_here(request: HttpRequest) -> bool:
    """Whether a browser sent this from a page of ours: it says so itself, and no script can make it lie.

    Old browsers, and plain http elsewhere than on this machine, lack Sec-Fetch-Site but tell the Origin; of
    what is only read, the page that led there.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    told = "Origin" if request.method == "POST" else "Referer"
    origin = urlsplit(request.headers.get(told, "")).netloc
    return origin != "" and origin in {request.get_host(), urlsplit(settings.ENVIRONMENT.public_url).netloc}


def redirect(request: HttpRequest, to: str, note: str = "", **query: str) -> HttpResponse:
    """See another page next, with a note of notes.py; also when htmx asked."""
    asked = {**query, **({"note": note} if note else {})}
    address = f"{to}{'&' if '?' in to else '?'}{urlencode(asked)}" if asked else to
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(address)
    return SeeOther(address)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in first, and come back here; what was to be sent must be sent again."""
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else _came_from(request)
    return redirect(request, "/signin", next=back)


def safe_next(address: str, otherwise: str = "/") -> str:
    """Where to go next, if that is a page of ours: nobody is sent elsewhere by a link."""
    local = (
        address.startswith("/")
        and address.isprintable()
        and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    )
    return address if local else otherwise


def _came_from(request: HttpRequest) -> str:
    """The page that a form stood on."""
    there = urlsplit(request.headers.get("Referer", ""))
    ours = there.netloc in {request.get_host(), urlsplit(settings.ENVIRONMENT.public_url).netloc}
    return safe_next(f"{there.path}?{there.query}".rstrip("?")) if ours else "/"
