"""Signing in in two steps: turned on by a code of a phone, turned off again, recovery codes shown once."""

from collections.abc import Callable
from typing import Any

import segno
from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from frontrow.web import clients, signing, visitor
from frontrow.web.clients import Refused
from frontrow.web.forms import Form
from frontrow.web.page import page, redirect
from frontrow.web.rendering import render

OF_APP = _("Of your app, or a recovery code.")
WRONG = {
    "wrong_password": ("password", _("This is not the password that you have now.")),
    "wrong_code": ("code", signing.WRONG_CODE),
}


def code_field(**options: Any) -> forms.CharField:
    """A code, as phones like to fill it in."""
    widget = forms.TextInput(
        {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
    )
    return forms.CharField(label=_("Code"), min_length=6, max_length=40, widget=widget, **options)


class PasswordForm(Form):
    password = signing.password_field(_("Your password now"), "current-password", max_length=500)


class CodeForm(Form):
    code = code_field(help_text=_("The six digits that your app shows now."))
    secret = forms.CharField(widget=forms.HiddenInput)
    uri = forms.CharField(widget=forms.HiddenInput)
    wrong = {"code": signing.WRONG_CODE}


class ProofForm(PasswordForm):
    code = code_field(help_text=OF_APP)
    wrong = {"code": signing.WRONG_CODE}


@page(signed_in=True, post=True)
def two_factor(request: HttpRequest) -> HttpResponse:
    """Turn it on, or off, or get new recovery codes; each form is sent by itself, named by `form`."""
    act = ACTS.get(request.POST.get("form", "")) if request.method == "POST" else None
    return act(request) if act else _shown(request)


def _shown(request: HttpRequest, status: int = 200, **tried: Form) -> HttpResponse:
    profile = clients.get(request, "users", "/profile")
    facts = {"on": profile["twoFactor"], "begin": PasswordForm(), "proof": ProofForm(), **tried}
    return _unkept(render(request, "web/two_factor.html", facts, status))


def _begin(request: HttpRequest) -> HttpResponse:
    def act(form: Form) -> HttpResponse:
        told = clients.ask(request, "users", "POST", "/profile/two-factor", form.cleaned_data)
        return _to_scan(request, CodeForm(initial={"secret": told["secret"], "uri": told["otpauthUri"]}))

    return _tried(
        request, PasswordForm(request.POST), act, lambda form, status: _shown(request, status, begin=form)
    )


def _confirm(request: HttpRequest) -> HttpResponse:
    def act(form: Form) -> HttpResponse:
        body = {"code": form.cleaned_data["code"]}
        told = clients.ask(request, "users", "POST", "/profile/two-factor/confirm", body)
        signing.opened(request, told, visitor.of(request).zone)
        return _codes(request, told)

    return _tried(request, CodeForm(request.POST), act, lambda form, status: _to_scan(request, form, status))


def _end(request: HttpRequest) -> HttpResponse:
    def act(form: Form) -> HttpResponse:
        told = clients.ask(request, "users", "DELETE", "/profile/two-factor", form.cleaned_data)
        signing.opened(request, told, visitor.of(request).zone)
        return redirect(request, "/account", note="two-factor-off")

    return _tried(
        request, ProofForm(request.POST), act, lambda form, status: _shown(request, status, proof=form)
    )


def _renew(request: HttpRequest) -> HttpResponse:
    def act(form: Form) -> HttpResponse:
        path = "/profile/two-factor/recovery-codes"
        return _codes(request, clients.ask(request, "users", "POST", path, form.cleaned_data))

    return _tried(
        request, ProofForm(request.POST), act, lambda form, status: _shown(request, status, proof=form)
    )


def _tried(
    request: HttpRequest,
    form: Form,
    act: Callable[[Form], HttpResponse],
    again: Callable[[Form, int], HttpResponse],
) -> HttpResponse:
    """Do it, or show the page again with what is wrong."""
    if not form.is_valid():
        return again(form, 422)
    try:
        return act(form)
    except Refused as refused:
        if refused.code in {"two_factor_on", "two_factor_off"}:  # another tab was quicker
            return redirect(request, "/account/two-factor")
        form.refuse(refused, {**WRONG, **signing.too_many(refused)})
        return again(form, refused.status)


def _to_scan(request: HttpRequest, form: Form, status: int = 200) -> HttpResponse:
    uri = str(form["uri"].value() or "")
    drawn = segno.make(uri[:500] or "-", error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    secret = str(form["secret"].value() or "")
    spaced = " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))
    facts = {"form": form, "picture": drawn, "spaced": spaced, "uri": uri}
    return _unkept(render(request, "web/two_factor_scan.html", facts, status))


def _codes(request: HttpRequest, told: dict[str, Any]) -> HttpResponse:
    return _unkept(render(request, "web/two_factor_codes.html", {"codes": told["recoveryCodes"]}))


def _unkept(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "private, no-store"
    return answer


ACTS = {"begin": _begin, "confirm": _confirm, "end": _end, "renew": _renew}
