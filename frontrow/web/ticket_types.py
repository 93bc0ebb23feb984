"""The ticket types of an event as its organiser enters them: rows that come and go."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontrow.web import entered
from frontrow.web.forms import Form

NAME = re.compile(r"type([0-9]{1,3})-name")
FIELDS = ("ticket_type_id", "name", "price", "capacity")
MOST_PLACES, MOST_TYPES = 1_000_000, 50


class TicketTypeForm(Form):
    """A ticket type. `sold` places of it are held or sold."""

    ticket_type_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Ticket"), max_length=100)
    price = forms.CharField(
        label=gettext_lazy("Price"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    capacity = forms.IntegerField(label=gettext_lazy("How many"), min_value=1, max_value=MOST_PLACES)

    def __init__(self, *words: Any, currency: str = "EUR", sold: int = 0, **named: Any):
        super().__init__(*words, **named)
        self.currency, self.sold = currency, sold

    def clean_price(self) -> int:
        try:
            return entered.amount(self.cleaned_data["price"], self.currency)
        except entered.Unreadable:
            example = entered.written(1250 if entered.digits(self.currency) else 1200, self.currency)
            words = _("Enter an amount such as %(example)s; 0 if it is free.") % {"example": example}
            raise forms.ValidationError(words) from None

    def told(self) -> dict[str, Any]:
        """The API's fields, of a form without errors."""
        found = self.cleaned_data
        own = {"ticketTypeId": str(found["ticket_type_id"])} if found["ticket_type_id"] else {}
        return {**own, "name": found["name"], "price": found["price"], "capacity": found["capacity"]}


def entered_rows(values: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows of a form that was sent, as they were typed."""
    numbers = sorted({int(found[1]) for name in values if (found := NAME.fullmatch(name))})
    return [{name: values.get(f"type{n}-{name}", "") for name in FIELDS} for n in numbers[:MOST_TYPES]]


def rows_of(event: Mapping[str, Any], with_ids: bool = True) -> Iterator[dict[str, str]]:
    """The rows of an event that stands."""
    for kind in event["ticketTypes"]:
        yield {
            "ticket_type_id": kind["ticketTypeId"] if with_ids else "", "name": kind["name"],
            "price": entered.written(kind["price"], kind["currency"]), "capacity": str(kind["capacity"]),
        }  # fmt: skip


def sold(event: Mapping[str, Any] | None) -> dict[str, int]:
    """How many places of each ticket type are held or sold."""
    kinds = event["ticketTypes"] if event and event["status"] != "draft" else ()
    return {kind["ticketTypeId"]: kind["capacity"] - kind["availability"] for kind in kinds}
