"""The form in which an organiser describes an event: what is entered, and what the API takes."""

from collections.abc import Mapping
from typing import Any

from babel.numbers import get_currency_name
from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from frontrow.web import entered, languages
from frontrow.web.forms import Form, Lines

CURRENCIES = [
    "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "BGN", "ISK", "TRY", "UAH",
    "AUD", "NZD", "CAD", "MXN", "BRL", "ARS", "CLP", "COP", "PEN", "UYU", "JPY", "CNY", "KRW", "INR", "SGD",
    "HKD", "THB", "IDR", "ZAR", "NGN", "KES", "MAD", "EGP", "ILS", "AED",
]  # fmt: skip
TIMES = {
    "starts": "date", "ends": "endDate", "sales_start": "salesStart", "sales_end": "salesEnd",
    "cancel_until": "cancelUntil",
}  # fmt: skip
PLAIN = _("Use plain text on one line, and not too long.")
TEXTS = {"title": "title", "category": "category", "description": "description", "location": "location",
         "zone": "timezone"}  # fmt: skip
NUMBERS = {"capacity": "capacity", "hold_minutes": "holdMinutes", "max_per_person": "maxPerPerson"}
MOST_PLACES = 1_000_000
GAP = _("The clocks go forward at that moment, so this time does not exist there. Choose another.")


AGAIN = _("The clocks go back over that hour, so this time comes twice. Choose another.")


class LocalTimeInput(forms.TextInput):
    input_type = "datetime-local"


class LocalTime(forms.CharField):
    """A time on the clocks of the event's place."""

    widget = LocalTimeInput


def zones(*own: str) -> list[tuple[str, str]]:
    """Time zones to choose from: places, UTC, and what the account or event has."""
    return [
        ("", str(_("Choose a time zone"))),
        *((name, name.replace("_", " ")) for name in languages.zones(*own)),
    ]


def currencies(*own: str) -> list[tuple[str, str]]:
    """Currencies to sell in, and what the event has, named in the reader's language."""
    codes = [*CURRENCIES, *sorted({code for code in own if entered.is_currency(code)} - {*CURRENCIES})]
    language = translation.get_language() or "en"
    return [(code, f"{code} · {get_currency_name(code, locale=language)}") for code in codes]


class EventForm(Form):
    """Everything about an event but its ticket types."""

    api = {told: own for own, told in {**TIMES, **TEXTS, **NUMBERS}.items()}
    wrong = {
        "title": PLAIN, "category": PLAIN, "location": PLAIN,
        "description": _("Use plain text, 20,000 characters at most."),
        "starts": _("Choose a time that is still to come."),
        "ends": _("The event must end after it begins, and within a year."),
        "sales_start": _("Sales must begin before they end."),
        "sales_end": _("Sales must end before the event does."),
        "cancel_until": _("Choose a time before the event ends."),
        "currency": _("All tickets of an event are sold in one currency."),
    }  # fmt: skip

    title = forms.CharField(label=_("Title"), max_length=200)
    category = forms.CharField(
        label=_("Category"), max_length=60, required=False,
        help_text=_("Such as concert, conference or workshop."),
        widget=forms.TextInput(attrs={"list": "categories", "autocomplete": "off"}),
    )  # fmt: skip
    description = Lines(
        label=_("Description"), max_length=20_000, required=False,
        help_text=_("What will happen, for whom it is, what to bring."),
        widget=forms.Textarea(attrs={"rows": 6}),
    )  # fmt: skip
    starts = LocalTime(label=_("Begins"))
    ends = LocalTime(label=_("Ends"))
    zone = forms.ChoiceField(
        label=_("Time zone of the place"), widget=forms.Select(attrs={"data-visitor-zone": True})
    )
    location = forms.CharField(
        label=_("Place"), max_length=300,
        help_text=_("House, street and city: people find it on a map by this."),
    )  # fmt: skip
    currency = forms.ChoiceField(label=_("Currency"))
    capacity = forms.IntegerField(
        label=_("Places in all"), min_value=1, max_value=MOST_PLACES, required=False,
        help_text=_("Only if fewer fit in than all ticket types together."),
    )  # fmt: skip
    hold_minutes = forms.IntegerField(
        label=_("Minutes to pay"), min_value=1, max_value=1440, initial=15,
        help_text=_("So long are places held for somebody who books."),
    )  # fmt: skip
    max_per_person = forms.IntegerField(
        label=_("Tickets per person, at most"), min_value=1, max_value=1000, initial=10
    )
    sales_start = LocalTime(label=_("Sales begin"), required=False, help_text=_("Empty: at once."))
    sales_end = LocalTime(label=_("Sales end"), required=False, help_text=_("Empty: when the event ends."))
    cancel_until = LocalTime(
        label=_("Money back until"), required=False,
        help_text=_("Until then people may cancel by themselves. Empty: until the event begins."),
    )  # fmt: skip
    cover = forms.FileField(
        label=_("Picture"), required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )  # fmt: skip
    remove_cover = forms.BooleanField(label=_("Remove the picture"), required=False)

    def __init__(self, *words: Any, event: Mapping[str, Any] | None = None, zone: str = "", **named: Any):
        super().__init__(*words, **named)
        self.event = event
        places: dict[str, Any] = self.fields
        places["zone"].choices = zones(event["timezone"] if event else zone, self._now("zone"))
        places["currency"].choices = currencies(_currency(event), self._now("currency"))

    def _now(self, name: str) -> str:
        """What stands in a field: a copy has what we might not offer."""
        return str(self[name].value() or "")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        for name in TIMES:
            if found.get(name) and found.get("zone"):
                self._read(name, found[name], found["zone"])
        return found

    def _read(self, name: str, text: str, zone: str) -> None:
        if self._as_it_was(name, text, zone):
            return
        try:
            self.cleaned_data[name] = entered.moment(text, zone)
        except entered.Skipped:
            self.add_error(name, str(GAP))
        except entered.Twice:
            self.add_error(name, str(AGAIN))
        except entered.Unreadable:
            self.add_error(name, str(_("Enter day and time.")))

    def _as_it_was(self, name: str, text: str, zone: str) -> bool:
        """Keep the very moment: a field shows neither its seconds nor which of two equal hours it is."""
        before = self.event[TIMES[name]] if self.event else None
        same = before is not None and zone == self.event["timezone"] and text == entered.local(before, zone)  # type: ignore[index]
        if same:
            self.cleaned_data[name] = before
        return same

    def told(self) -> dict[str, Any]:
        """The API's fields, of a form without errors."""
        found = self.cleaned_data
        times = {api: found[own].isoformat() if found[own] else None for own, api in TIMES.items()}
        named = {api: found[own] for own, api in {**TEXTS, **NUMBERS}.items()}
        return {**times, **named, "currency": found["currency"]}


def _currency(event: Mapping[str, Any] | None) -> str:
    return str(event["ticketTypes"][0]["currency"]) if event and event["ticketTypes"] else ""
