"""What the words for every kind of notification are made of, in the language that is active."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from frontrow.chassis import language
from frontrow.services.notifications import rules, times

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What of an event is no longer as people were told."""

    what: str  # TIME or PLACE
    label: str
    before: str
    after: str

    @property
    def sentence(self) -> str:
        facts = {"what": self.label, "after": self.after, "before": self.before}
        return _("%(what)s: %(after)s (it was %(before)s).") % facts


@dataclass(frozen=True, slots=True)
class Words:
    """A headline, what it is about, paragraphs of text, and where to go from there."""

    headline: str
    about: str
    paragraphs: tuple[str, ...]
    action: str
    path: str
    quote: str = ""  # somebody else's words, kept apart from ours
    changes: tuple[Change, ...] = ()
    deadline: str = ""

    @property
    def subject(self) -> str:
        """One line that says it all."""
        if not self.about:
            return self.headline
        both = _("%(headline)s: %(about)s") % {"headline": self.headline, "about": self.about}
        return " ".join(both.split())

    @property
    def message(self) -> str:
        """All of it as plain text, which says by itself what it is about."""
        changes = (change.sentence for change in self.changes)
        text = "\n\n".join([*self.paragraphs, *changes, *([self.quote] if self.quote else [])])
        return text if self.about in text else f"{self.about} – {text}"


def change(what: str, before: Facts, after: Facts) -> Change:
    if what == rules.PLACE:
        return Change(what, _("Where"), before["location"], after["location"])
    was, now = (times.period(terms["date"], terms["endDate"], terms["timezone"]) for terms in (before, after))
    return Change(what, _("When"), was, now)


def title(facts: Facts) -> str:
    return facts["event"]["title"] if facts.get("event") else _("your event")


def moment(facts: Facts, at: str) -> str:
    """A time of the wire on the clock of the event's place."""
    return times.moment(at, facts["event"]["timezone"] if facts.get("event") else "UTC")


def money(facts: Facts, name: str = "amount") -> str:
    return language.money(facts[name], facts["currency"])


def booked(facts: Facts) -> dict[str, str]:
    return {"places": rules.places(facts["items"])}


def count(facts: Facts) -> int:
    """How many places were booked: one or several, for the grammar."""
    return sum(item["quantity"] for item in facts["items"])


def to_booking(facts: Facts) -> str:
    return f"/my/bookings/{facts['bookingId']}"


def to_event(facts: Facts) -> str:
    return f"/e/{facts['eventId']}"
