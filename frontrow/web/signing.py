"""Coming in and going out: sign up, sign in, sign out; and the language of the pages."""

from typing import Any

import structlog
from django import forms
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from frontrow.chassis.refusals import Unavailable
from frontrow.web import clients, languages, session, visitor
from frontrow.web.clients import Refused
from frontrow.web.forms import Form
from frontrow.web.page import action, page, redirect, safe_next
from frontrow.web.rendering import render
from frontrow.web.session import Session, SessionOver

log = structlog.get_logger(__name__)
USERNAME = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9_.-]{2,29}\Z",
    _("Use 3 to 30 letters (a–z), digits, dots, dashes or underscores, and begin with a letter or digit."),
)
TAKEN = {
    "username_taken": ("username", _("Somebody else has this username. Try another one.")),
    "email_taken": ("email", _("There is an account with this address already. Sign in instead?")),
}
WRONG = {"invalid_credentials": ("", _("This name and password do not belong together. Check both."))}
WRONG_CODE = _("This code is wrong, too old, or was used already.")
STEPS = {
    "invalid_code": ("code", WRONG_CODE),
    "invalid_challenge": ("", _("That took too long. Begin once more.")),
}
GUESSABLE = {
    "guessable_password": (
        "password",
        _("This password is one of the first that anybody would try. Choose another."),
    )
}
WEAK = _("Use at least 8 characters, on one line.")


def password_field(label: Any, autocomplete: str, **options: Any) -> forms.CharField:
    """A password, as browsers and their keepers of passwords like it; its spaces count."""
    widget = forms.PasswordInput({"autocomplete": autocomplete})
    return forms.CharField(label=label, widget=widget, strip=False, **options)


class SignIn(Form):
    login = forms.CharField(
        label=_("Username or e-mail"), max_length=254,
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    password = password_field(_("Password"), "current-password", max_length=500)
    zone = forms.CharField(required=False, widget=forms.HiddenInput({"data-visitor-zone": ""}))


class Code(Form):
    """The second step. The challenge stands for the password, which is nowhere in the page."""

    code = forms.CharField(
        label=_("Code"), min_length=6, max_length=40, help_text=_("Of your app, or a recovery code."),
        widget=forms.TextInput({"autocomplete": "one-time-code", "autocapitalize": "none", "autofocus": ""}),
    )  # fmt: skip
    challenge = forms.CharField(widget=forms.HiddenInput)
    zone = forms.CharField(required=False, widget=forms.HiddenInput({"data-visitor-zone": ""}))
    wrong = {"code": WRONG_CODE}


class SignUp(Form):
    name = forms.CharField(
        label=_("Your name"), max_length=100, help_text=_("As others see it beside your reviews."),
        widget=forms.TextInput({"autocomplete": "name"}),
    )  # fmt: skip
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, help_text=_("Your tickets go there."),
        widget=forms.EmailInput({"autocomplete": "email"}),
    )  # fmt: skip
    username = forms.CharField(
        label=_("Username"), validators=[USERNAME],
        help_text=_("To sign in. Letters, digits, dots and dashes."),
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    password = password_field(
        _("Password"), "new-password", min_length=8, max_length=256, help_text=_("At least 8 characters.")
    )
    zone = forms.CharField(required=False, widget=forms.HiddenInput({"data-visitor-zone": ""}))
    api = {"profileInfo.displayName": "name", "profileInfo.timezone": "zone"}
    wrong = {
        "email": _("This does not look like an address that mail can reach."), "password": WEAK,
        "name": _("Write your name on one line."), "username": USERNAME.message,
    }  # fmt: skip

    def account(self, language: str) -> dict[str, Any]:
        """The account as the API takes it."""
        given = self.cleaned_data
        profile = {"displayName": given["name"], "locale": language}
        if given["zone"] in languages.zones():
            profile["timezone"] = given["zone"]
        return {**{name: given[name] for name in ("username", "email", "password")}, "profileInfo": profile}


@page(post=True)
def signin(request: HttpRequest) -> HttpResponse:
    """Sign in, and go on where one was."""
    return _entrance(request, SignIn, "web/signin.html", _sign_in)


@page(post=True)
def signup(request: HttpRequest) -> HttpResponse:
    """Make an account, be signed in, and go on where one was."""
    return _entrance(request, SignUp, "web/signup.html", _sign_up)


@page(post=True)
def signin_code(request: HttpRequest) -> HttpResponse:
    """The second step of signing in, for who has turned it on; without its first it is that."""
    if request.method != "POST" or visitor.of(request).signed_in:
        return redirect(request, "/signin")
    return _entrance(request, Code, "web/signin_code.html", _answer)


def _entrance(request: HttpRequest, kind: Any, template: str, enter: Any) -> HttpResponse:
    to = safe_next(request.POST.get("next") or request.GET.get("next", ""))
    if visitor.of(request).signed_in:
        return redirect(request, to)
    form, status = kind(request.POST or None), 200
    if request.method == "POST":
        try:
            status = _entered(request, form, enter)
        except Refused as refused:
            if refused.code != "code_needed":
                raise
            sent = {"challenge": refused.facts["challenge"], "zone": request.POST.get("zone", "")}
            facts = {"form": Code(initial=sent), "next": to}
            return render(request, "web/signin_code.html", facts)
        if visitor.of(request).signed_in:
            return redirect(request, to)
    return render(request, template, {"form": form, "next": to}, status)


def _entered(request: HttpRequest, form: Form, enter: Any) -> int:
    """Try it; the status of the page that tells what was wrong."""
    if not form.is_valid():
        return 422
    try:
        enter(request, form)
    except Refused as refused:
        form.refuse(refused, {**TAKEN, **WRONG, **STEPS, **GUESSABLE, **too_many(refused)})
        return refused.status
    return 200


def _sign_in(request: HttpRequest, form: SignIn) -> None:
    given = form.cleaned_data
    name = "email" if "@" in given["login"] else "username"
    begin(request, {name: given["login"], "password": given["password"]}, given["zone"])


def _answer(request: HttpRequest, form: Code) -> None:
    given = form.cleaned_data
    begin(request, {"challenge": given["challenge"], "code": given["code"]}, given["zone"])


def _sign_up(request: HttpRequest, form: SignUp) -> None:
    """Make the account; whoever sent it twice, or has it already, is signed in."""
    account = form.account(visitor.of(request).language)
    login = {name: account[name] for name in ("email", "password")}
    try:
        clients.ask(request, "users", "POST", "/register", account)
    except Refused as refused:
        if refused.code not in TAKEN or not _begun(request, login, form.cleaned_data["zone"]):
            raise
        return
    begin(request, login, form.cleaned_data["zone"])


def _begun(request: HttpRequest, login: dict[str, str], zone: str) -> bool:
    """Whether there is an account of this address and password; its session begins then."""
    try:
        begin(request, login, zone)
    except Refused:
        return False
    return True


def begin(request: HttpRequest, login: dict[str, str], zone: str) -> None:
    """Begin a session, with the tastes of the account. Raises what `clients.ask` raises."""
    opened(request, clients.ask(request, "users", "POST", "/login", login), zone)


def opened(request: HttpRequest, told: dict[str, Any], zone: str = "") -> None:
    """Go on as whom users told of; the zone is the browser's, for an account that names none."""
    who = visitor.of(request)
    known = zone if zone in languages.zones() else ""
    who.session, who.is_stale = Session.of(told, name="…", zone=known), False
    profile = clients.maybe(request, "users", "/profile")
    if profile:
        profile["profileInfo"].setdefault("timezone", known)
        who.session = who.session.with_profile(profile)


def too_many(refused: Refused) -> dict[str, tuple[str, str]]:
    """How long to wait after too many attempts, in words."""
    minutes = -(-int(refused.facts.get("retryAfter", 60)) // 60)
    words = ngettext(
        "Too many attempts. Wait a minute, then try again.",
        "Too many attempts. Wait %(minutes)s minutes, then try again.",
        minutes,
    )
    return {"too_many_requests": ("", words % {"minutes": minutes})}


@action(signed_in=False)
def signout(request: HttpRequest) -> HttpResponse:
    """End this browser's session, also while users is away: then its tokens run out by themselves."""
    who = visitor.of(request)
    if who.session:
        try:
            clients.ask(request, "users", "POST", "/logout", {"refreshToken": who.session.refresh})
        except (Unavailable, Refused, SessionOver) as fault:
            log.warning("signed_out_here_only", reason=str(fault))
    who.session = None
    return redirect(request, "/", note="signed-out")


@action(signed_in=False)
def language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on, to this browser and to the account."""
    answer = redirect(request, safe_next(request.POST.get("next", "")))
    code = request.POST.get("language", "")
    if code in languages.NAMES:
        keep_language(request, answer, code)
        _remember(request, code)
    return answer


def keep_language(request: HttpRequest, response: HttpResponse, code: str) -> None:
    """Have the browser remember a language."""
    response.set_cookie(
        languages.COOKIE, code, max_age=languages.COOKIE_SECONDS, secure=session.is_secure(request),
        httponly=True, samesite="Lax",
    )  # fmt: skip


def _remember(request: HttpRequest, code: str) -> None:
    if not visitor.of(request).signed_in:
        return
    try:
        told = clients.ask(request, "users", "PUT", "/profile", {"profileInfo": {"locale": code}})
    except Unavailable:
        log.warning("language_kept_in_browser_only")
        return
    who = visitor.of(request)
    who.session = who.session and who.session.with_profile(told)
