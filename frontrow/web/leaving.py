"""A person's data: all of it as a file, and leaving for good, said plainly before."""

import json

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from frontrow.web import clients, signing, two_factor, visitor
from frontrow.web.clients import Refused
from frontrow.web.forms import Form
from frontrow.web.page import page, redirect
from frontrow.web.rendering import render

REASONS: dict[str, tuple[str, str | Promise]] = {
    **two_factor.WRONG,
    "events_to_come": (
        "",
        _(
            "People hold places of events that you organise. Cancel these events first, so that everybody is"
            " told and gets their money back, or come again when they are over."
        ),
    ),
    "tickets_to_come": (
        "",
        _(
            "You hold places of events that are still to come. Give them back first, so that what you paid"
            " comes back, or come again when the events are over."
        ),
    ),
    "money_on_its_way": (
        "",
        _("A payment or refund of yours is still on its way. Come again in a while, when it has arrived."),
    ),
    "last_administrator": (
        "",
        _("Nobody else could look after Frontrow. Make somebody else an administrator first."),
    ),
}


class LeavingForm(Form):
    password = signing.password_field(_("Your password"), "current-password", max_length=500)


class ProofForm(LeavingForm):
    code = two_factor.code_field(help_text=two_factor.OF_APP)
    wrong = {"code": signing.WRONG_CODE}


@page(signed_in=True)
def data(request: HttpRequest) -> HttpResponse:
    """All that is held of the visitor, as a file that people can read."""
    told = clients.answered(request, "users", "GET", "/profile/export", headers={})
    text = json.dumps(told.json(), indent=2, ensure_ascii=False)
    answer = HttpResponse(text, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = told.headers["Content-Disposition"]
    return answer


@page(signed_in=True, post=True)
def delete(request: HttpRequest) -> HttpResponse:
    """What goes and what stays; with the password, and a code where one signs in by two steps, it is done."""
    made = ProofForm if clients.get(request, "users", "/profile")["twoFactor"] else LeavingForm
    form = made(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        return _shown(request, form, 422 if form.errors else 200)
    try:
        clients.ask(request, "users", "DELETE", "/profile", form.cleaned_data)
    except Refused as refused:
        form.refuse(refused, {**REASONS, **signing.too_many(refused)})
        return _shown(request, form, refused.status)
    visitor.of(request).session = None
    return redirect(request, "/", note="account-deleted")


def _shown(request: HttpRequest, form: Form, status: int) -> HttpResponse:
    return render(request, "web/delete_account.html", {"form": form}, status)
