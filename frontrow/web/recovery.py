"""The way back in: a forgotten password replaced, and an address confirmed, by links in mails.

To look at a link does not use it up, for programs look at mails before people do: a button does.
"""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from frontrow.web import clients, signing, visitor
from frontrow.web.clients import Refused
from frontrow.web.forms import Form
from frontrow.web.page import action, page, redirect
from frontrow.web.rendering import render

GONE = {
    "invalid_link": ("", _("This link was used already, or is too old. Ask for a new one.")),
    "guessable_password": ("new", signing.GUESSABLE["guessable_password"][1]),
}


class ForgottenForm(Form):
    email = forms.EmailField(
        label=_("E-mail"), max_length=254,
        widget=forms.EmailInput({"autocomplete": "email", "autocapitalize": "none"}),
    )  # fmt: skip
    wrong = {"email": _("This does not look like an address that mail can reach.")}


class NewPasswordForm(Form):
    new = signing.password_field(
        _("Your new password"), "new-password", min_length=8, max_length=256,
        help_text=_("At least 8 characters. You are signed out on all devices."),
    )  # fmt: skip
    api = {"newPassword": "new", "token": ""}
    wrong = {"new": signing.WEAK}


class ConfirmForm(Form):
    """A button only."""

    api = {"token": ""}


@page(post=True)
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link to a new password; whether an address is known is not told."""
    form = ForgottenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            clients.ask(request, "users", "POST", "/password/forgotten", form.cleaned_data)
            return render(request, "web/forgotten_sent.html", {"email": form.cleaned_data["email"]})
        except Refused as refused:
            form.refuse(refused, signing.too_many(refused))
            return render(request, "web/forgotten.html", {"form": form}, refused.status)
    return render(request, "web/forgotten.html", {"form": form}, 422 if form.errors else 200)


@page(post=True)
def new_password(request: HttpRequest) -> HttpResponse:
    """Choose a new password by the link in a mail."""

    def save(form: Form, token: str) -> HttpResponse:
        body = {"token": token, "newPassword": form.cleaned_data["new"]}
        clients.ask(request, "users", "POST", "/password/reset", body)
        visitor.of(request).session = None
        return redirect(request, "/signin", note="password-replaced")

    return _by_link(request, NewPasswordForm, "web/new_password.html", save)


@page(post=True)
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm an address by the link in a mail."""

    def save(form: Form, token: str) -> HttpResponse:
        clients.ask(request, "users", "POST", "/email/confirm", {"token": token})
        return render(request, "web/confirmed.html")

    return _by_link(request, ConfirmForm, "web/confirm.html", save)


@action
def confirm_anew(request: HttpRequest) -> HttpResponse:
    """Have the link that confirms my address sent once more."""
    try:
        clients.ask(request, "users", "POST", "/profile/email/confirmation")
    except Refused as refused:
        if refused.code != "too_many_requests":
            raise
        return redirect(request, "/account", note="confirmation-later")
    return redirect(request, "/account", note="confirmation-sent")


def _by_link(request: HttpRequest, kind: Any, template: str, save: Any) -> HttpResponse:
    """A page with what opens a link in its address: kept by nobody, and told to nobody."""
    token = request.POST.get("token") or request.GET.get("token") or "none"
    form = kind(request.POST if request.method == "POST" else None)
    answer = _sent(request, form, template, token, save) or render(
        request, template, {"form": form, "token": token}, 422 if form.errors else 200
    )
    answer["Cache-Control"], answer["Referrer-Policy"] = "private, no-store", "strict-origin"
    return answer


def _sent(request: HttpRequest, form: Form, template: str, token: str, save: Any) -> HttpResponse | None:
    if not form.is_valid():
        return None
    try:
        return save(form, token)
    except Refused as refused:
        form.refuse(refused, GONE)
        gone = refused.code == "invalid_link" or "token" in refused.errors
        return render(request, template, {"form": form, "token": token, "gone": gone}, refused.status)
