"""Forms as our pages show them: each field with label, hint and error; what the API refuses, at its field."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from frontrow.web.clients import Refused

UNFIT = _("This cannot be so. Shorter, or smaller?")


class Renderer(DjangoTemplates):
    field_template_name = "web/parts/field.html"


class Lines(forms.CharField):
    """A text of several lines. Browsers send two characters for each break, people and the API count one."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class Form(forms.Form):
    """A form of ours.

    `api` maps the API's names of fields to the form's, where they differ. `wrong` says of a field in our
    words what the API says in English; others read its words in English only.
    """

    default_renderer = Renderer
    api: Mapping[str, str] = {}
    wrong: Mapping[str, str | Promise] = {}
    error_css_class = "wrong"
    use_required_attribute = True

    def refuse(self, refused: Refused, reasons: Mapping[str, tuple[str, str | Promise]]) -> None:
        """Show what a service refused. `reasons` tells for a code the field ('' for the whole) and the words.

        Raises the refusal again if nothing here explains it.
        """
        if refused.code in reasons:
            name, words = reasons[refused.code]
            self.add_error(name or None, str(words))
            return
        for told, message in refused.errors.items():
            name = self.api.get(told, told)
            words = self.wrong.get(name) or (message if translation.get_language() == "en" else UNFIT)
            self.add_error(name if name in self.fields else None, str(words))
        if not self.errors:
            raise refused
