"""An event as its organiser enters it: the form with its ticket types, as one."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from frontrow.web import entered, ticket_types
from frontrow.web.clients import Refused
from frontrow.web.event_form import CURRENCIES, NUMBERS, TEXTS, TIMES, EventForm
from frontrow.web.forms import UNFIT
from frontrow.web.ticket_types import TicketTypeForm

DERIVED = {"sales_end": "endDate", "cancel_until": "date"}  # what the API tells for those left empty


class Entry:
    """What was entered so far. `trouble` is what is wrong with the ticket types together."""

    def __init__(self, form: EventForm, rows: list[TicketTypeForm]):
        self.form, self.rows, self.trouble = form, rows, ""

    @classmethod
    def new(cls, zone: str) -> "Entry":
        """Nothing entered yet."""
        return cls.filled({"zone": zone, "currency": "EUR"}, [{}], None, zone)

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Entry":
        """An event that stands."""
        return cls.filled(_values(event), list(ticket_types.rows_of(event)), event)

    @classmethod
    def like(cls, event: Mapping[str, Any]) -> "Entry":
        """Another such event, at a time that is still to be chosen."""
        values = {name: value for name, value in _values(event).items() if name not in TIMES}
        return cls.filled(values, list(ticket_types.rows_of(event, with_ids=False)), None, event["timezone"])

    @classmethod
    def filled(
        cls, values: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], event: Mapping[str, Any] | None,
        zone: str = "",
    ) -> "Entry":  # fmt: skip
        """Fields as they were typed, not judged yet."""
        form, sold = EventForm(initial=dict(values), event=event, zone=zone), ticket_types.sold(event)
        kinds = [
            TicketTypeForm(
                initial=dict(row), prefix=f"type{n}", currency=_currency(values),
                sold=sold.get(str(row.get("ticket_type_id", "")), 0),
            )
            for n, row in enumerate(rows)
        ]  # fmt: skip
        return cls(form, kinds)

    @classmethod
    def sent(
        cls, values: Mapping[str, str], files: Mapping[str, UploadedFile], event: Mapping[str, Any] | None,
        zone: str = "",
    ) -> "Entry":  # fmt: skip
        """What was sent, to be judged."""
        sold, rows = ticket_types.sold(event), ticket_types.entered_rows(values)
        kinds = [
            TicketTypeForm(
                {f"type{n}-{name}": value for name, value in row.items()}, prefix=f"type{n}",
                currency=_currency(values), sold=sold.get(row["ticket_type_id"], 0),
            )
            for n, row in enumerate(rows)
        ]  # fmt: skip
        return cls(EventForm(values, files, event=event, zone=zone), kinds)

    def is_right(self) -> bool:
        """Whether it may be sent to the API, which decides."""
        if not self.rows:
            self.trouble = _("Add at least one ticket type.")
        return all([self.form.is_valid(), *(row.is_valid() for row in self.rows)]) and not self.trouble

    @property
    def is_wrong(self) -> bool:
        """Whether anything was found to be wrong with what was sent."""
        return bool(self.trouble or self.form.errors or any(row.errors for row in self.rows))

    def told(self) -> dict[str, Any]:
        """The API's fields, of an entry that is right."""
        return {**self.form.told(), "ticketTypes": [row.told() for row in self.rows]}

    def refuse(self, refused: Refused) -> None:
        """Show what events refused, where it can be mended. Raises it again if nothing here explains it."""
        if refused.code == "capacity_below_sold":
            self.trouble = _(
                "More places are held or sold than that. Choose more places, or refund bookings first."
            )
            return
        rows = {field: words for field, words in refused.errors.items() if field.startswith("ticketTypes")}
        for field in rows:
            self._refuse_row(field.split("."))
        if len(rows) < len(refused.errors) or not rows:
            self.form.refuse(Refused(refused.status, _without(refused, rows)), {})

    def _refuse_row(self, place: list[str]) -> None:
        number = int(place[1]) if len(place) > 2 and place[1].isdecimal() else -1
        if 0 <= number < len(self.rows) and place[2] in self.rows[number].fields:
            self.rows[number].add_error(place[2], str(UNFIT))
        else:
            self.trouble = _("Each ticket type needs a name of its own.")


def _values(event: Mapping[str, Any]) -> dict[str, Any]:
    zone = event["timezone"]
    times = {
        own: entered.local(event[api], zone)
        for own, api in TIMES.items()
        if event[api] and event[api] != event.get(DERIVED.get(own, ""))
    }
    together = sum(kind["capacity"] for kind in event["ticketTypes"])
    capped = {} if event["capacity"] < together else {"capacity": ""}
    plain = {own: event[api] for own, api in {**TEXTS, **NUMBERS}.items()}
    return {**plain, **capped, **times, "currency": event["ticketTypes"][0]["currency"]}


def _without(refused: Refused, fields: Mapping[str, str]) -> dict[str, Any]:
    left = [each for each in refused.facts.get("errors", ()) if each["field"] not in fields]
    return {**refused.facts, "errors": left}


def _currency(values: Mapping[str, Any]) -> str:
    code = str(values.get("currency", ""))
    return code if entered.is_currency(code) else CURRENCIES[0]
