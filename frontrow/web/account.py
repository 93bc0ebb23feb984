"""A person's account: profile, password, what comes by mail, signing out everywhere."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext_lazy as _

from frontrow.web import clients, languages, signing, visitor
from frontrow.web.clients import Refused
from frontrow.web.forms import Form
from frontrow.web.page import action, page, redirect
from frontrow.web.rendering import render

PROFILE = {"name": "displayName", "phone": "phone", "zone": "timezone", "language": "locale"}
KINDS = (
    ("booking_confirmed", _("Your tickets, when a booking is confirmed")),
    ("booking_held", _("Places held for you, with the time to pay")),
    ("booking_expired", _("Holds that ended")),
    ("booking_cancelled", _("Cancelled bookings")),
    ("payment_failed", _("Payments that failed")),
    ("refund_succeeded", _("Money that goes back to you")),
    ("event_changed", _("Another time or place of an event that you booked")),
    ("event_cancelled", _("Events of yours that are cancelled")),
    ("event_reminder", _("A reminder on the day before")),
    ("organizer_message", _("Messages from organisers")),
)
PHONE = RegexValidator(r"\A\+?[0-9 ()./-]{3,30}\Z", _("Use digits and spaces, such as +49 30 123."))
WRONG_PASSWORD = {
    "wrong_password": ("current", _("This is not the password that you have now.")),
    "guessable_password": ("new", signing.GUESSABLE["guessable_password"][1]),
}
WRONG_PROOF = {"wrong_password": ("proof", WRONG_PASSWORD["wrong_password"][1])}


class ProfileForm(Form):
    name = forms.CharField(
        label=_("Your name"), max_length=100, required=False, help_text=_("As others see it."),
        widget=forms.TextInput({"autocomplete": "name"}),
    )  # fmt: skip
    username = forms.CharField(
        label=_("Username"), validators=[signing.USERNAME],
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput({"autocomplete": "email"})
    )
    phone = forms.CharField(
        label=_("Phone"), required=False, widget=forms.TextInput({"autocomplete": "tel", "type": "tel"}),
        validators=[PHONE],
    )  # fmt: skip
    zone = forms.ChoiceField(label=_("Time zone"), required=False)
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("As my browser")), *languages.NAMES.items()]
    )
    proof = signing.password_field(
        _("Your password"), "current-password", max_length=500, required=False,
        help_text=_("For a new e-mail address only: whoever has that can get into your account."),
    )  # fmt: skip
    api = {f"profileInfo.{told}": name for name, told in PROFILE.items()} | {"currentPassword": "proof"}
    wrong = {
        "email": _("This does not look like an address that mail can reach."),
        "username": signing.USERNAME.message, "name": _("Write your name on one line."),
    }  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        named = [(zone, zone.replace("_", " ")) for zone in languages.zones(self.initial.get("zone", ""))]
        self.fields["zone"].choices = [("", _("As my browser")), *named]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, profile: dict[str, Any], sent: QueryDict | None = None) -> "ProfileForm":
        """What the account holds now, and what somebody sent to change it."""
        info = {name: profile["profileInfo"].get(told, "") for name, told in PROFILE.items()}
        language = info["language"].partition("-")[0]
        info["language"] = language if language in languages.NAMES else ""
        return cls(sent, initial={**info, "username": profile["username"], "email": profile["email"]})

    def clean(self) -> None:
        if "email" in self.changed_data and not self.cleaned_data.get("proof"):
            self.add_error("proof", _("Send your password, too, so that nobody else changes your address."))

    def changes(self) -> dict[str, Any]:
        """What is to change, as the API takes it; what was emptied is removed.

        What stays as it was shown is not sent: 'de-AT' is shown as German, and is to remain.
        """
        given = self.cleaned_data
        info = {PROFILE[name]: given[name] or None for name in self.changed_data if name in PROFILE}
        proof = {"currentPassword": given["proof"]} if "email" in self.changed_data else {}
        return {"username": given["username"], "email": given["email"], "profileInfo": info, **proof}


class PasswordForm(Form):
    current = signing.password_field(_("Your password now"), "current-password", max_length=500)
    new = signing.password_field(
        _("Your new password"), "new-password", min_length=8, max_length=256,
        help_text=_("At least 8 characters. You are signed out on all other devices."),
    )  # fmt: skip
    api = {"currentPassword": "current", "newPassword": "new"}
    wrong = {"new": signing.WEAK}


@page(signed_in=True, post=True)
def account(request: HttpRequest) -> HttpResponse:
    """Everything of an account; each of its forms is sent by itself, named by `form`."""
    save = SAVES.get(request.POST.get("form", "")) if request.method == "POST" else None
    return save(request) if save else _shown(request)


def _shown(request: HttpRequest, status: int = 200, **tried: Form) -> HttpResponse:
    profile = clients.get(request, "users", "/profile")
    wanted = clients.maybe(request, "notifications", f"/notifications/{profile['userId']}/preferences")
    mail = wanted and [(kind, label, wanted["mail"].get(kind, True)) for kind, label in KINDS]
    facts = {"profile": ProfileForm.of(profile), "password": PasswordForm(), "account": profile}
    return render(request, "web/account.html", {**facts, **tried, "mail": mail}, status)


def _tried(
    request: HttpRequest, name: str, form: Form, save: Callable[[], HttpResponse], why: Any
) -> HttpResponse:
    """Save a form, or show the page again with what is wrong with it."""
    if not form.is_valid():
        return _shown(request, 422, **{name: form})
    try:
        return save()
    except Refused as refused:
        form.refuse(refused, {**why, **signing.too_many(refused)})
        return _shown(request, refused.status, **{name: form})


def _save_profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm.of(clients.get(request, "users", "/profile"), request.POST)

    def save() -> HttpResponse:
        who = visitor.of(request)
        told = clients.ask(request, "users", "PUT", "/profile", form.changes())
        who.session = who.session and who.session.with_profile(told)
        answer = redirect(request, "/account", note="profile-saved")
        if form.cleaned_data["language"]:
            signing.keep_language(request, answer, form.cleaned_data["language"])
        else:
            answer.delete_cookie(languages.COOKIE, samesite="Lax")
        return answer

    return _tried(request, "profile", form, save, {**signing.TAKEN, **WRONG_PROOF})


def _save_password(request: HttpRequest) -> HttpResponse:
    form = PasswordForm(request.POST)

    def save() -> HttpResponse:
        body = {"currentPassword": form.cleaned_data["current"], "newPassword": form.cleaned_data["new"]}
        zone = visitor.of(request).zone
        signing.opened(request, clients.ask(request, "users", "PUT", "/profile/password", body), zone)
        return redirect(request, "/account", note="password-changed")

    return _tried(request, "password", form, save, WRONG_PASSWORD)


def _save_mail(request: HttpRequest) -> HttpResponse:
    chosen = set(request.POST.getlist("mail"))
    path = f"/notifications/{visitor.of(request).user_id}/preferences"
    clients.ask(
        request, "notifications", "PUT", path, {"mail": {kind: kind in chosen for kind, _label in KINDS}}
    )
    return redirect(request, "/account", note="mail-saved")


SAVES = {"profile": _save_profile, "password": _save_password, "mail": _save_mail}


@action
def signout_everywhere(request: HttpRequest) -> HttpResponse:
    """End all sessions of the account, this one too."""
    clients.ask(request, "users", "POST", "/logout/everywhere")
    visitor.of(request).session = None
    return redirect(request, "/", note="signed-out-everywhere")
