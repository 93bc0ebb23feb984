"""What is said for each kind of notification: in the app, and in the mail around it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from frontrow.chassis import money
from frontrow.services.notifications import rules
from frontrow.services.notifications.rules import Change, places

Facts = dict[str, Any]


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
        return " ".join(f"{self.headline}: {self.about}".split()) if self.about else self.headline

    @property
    def message(self) -> str:
        """All of it as plain text, which says by itself what it is about."""
        changes = (f"{change.label}: {change.after} (it was {change.before})." for change in self.changes)
        text = "\n\n".join([*self.paragraphs, *changes, *([self.quote] if self.quote else [])])
        return text if self.about in text else f"{self.about} – {text}"


def words(kind: str, facts: Facts) -> Words:
    """What a notification says. `facts["event"]` is the event as it was then, or null if there is none."""
    return BY_KIND[kind](facts)


def registered(facts: Facts) -> Words:
    return Words(
        "Welcome to Frontrow", "",
        ("Your account is ready. Book places, pay, and find your tickets in one spot.",
         "We write to you only about what concerns you, and you choose what comes by mail."),
        "Find an event", "/",
    )  # fmt: skip


def held(facts: Facts) -> Words:
    price, until = money.shown(facts["amount"], facts["currency"]), _moment(facts, facts["expiresAt"])
    return Words(
        "Held for you", _title(facts),
        (f"We hold {places(facts['items'])} for you until {until}.",
         f"Pay {price} by then to keep them. After that they go back on sale."),
        f"Pay {price}", _booking(facts), deadline=until,
    )  # fmt: skip


def confirmed(facts: Facts) -> Words:
    price = money.shown(facts["amount"], facts["currency"])
    paid = f"You paid {price}." if facts["amount"] else "It is free."
    return Words(
        "Your tickets", _title(facts),
        (f"Your booking is confirmed: {places(facts['items'])}. {paid}",),
        "Show my tickets", _booking(facts),
    )  # fmt: skip


def expired(facts: Facts) -> Words:
    return Words(
        "Your hold has ended", _title(facts),
        ("The time to pay is over, and your places went back on sale.",
         "If a payment of yours is still on its way, it gets you these places if they are left, or else comes"
         " back to you by itself."),
        "See what is left", _event(facts),
    )  # fmt: skip


def cancelled(facts: Facts) -> Words:
    return CANCELLED_BECAUSE[facts["reason"]](facts)


def given_back(facts: Facts) -> Words:
    money_back = ("Whatever you paid for it goes back to you.",) if facts["amount"] else ()
    return Words(
        "Booking cancelled", _title(facts),
        (f"You gave back {places(facts['items'])}; they are no longer yours.", *money_back),
        "See the booking", _booking(facts),
    )  # fmt: skip


def refunded_in_full(facts: Facts) -> Words:
    return Words(
        "Booking cancelled", _title(facts),
        (f"The organiser refunded your booking in full, so {places(facts['items'])} is no longer valid.",),
        "See the booking", _booking(facts),
    )  # fmt: skip


def paid_too_late(facts: Facts) -> Words:
    return Words(
        "Paid too late", _title(facts),
        ("Your payment came after your hold had ended, and by then no places were left. We are sorry.",
         f"All of your money goes back to you: {money.shown(facts['amount'], facts['currency'])}."),
        "See the event", _event(facts),
    )  # fmt: skip


def payment_failed(facts: Facts) -> Words:
    until = _moment(facts, facts["deadline"]) if facts["deadline"] else ""
    keep = f" We hold your places until {until}." if until else ""
    return Words(
        "Payment failed", _title(facts),
        (f"{facts['reason']} You were not charged.", f"Try again with another card.{keep}"),
        "Try again", _booking(facts), deadline=until,
    )  # fmt: skip


def refund(facts: Facts) -> Words:
    amount, because = money.shown(facts["amount"], facts["currency"]), REFUNDED_BECAUSE[facts["cause"]]
    return Words(
        f"Refund of {amount}", _title(facts),
        (f"{amount} is on its way back to you, {because}. {_so_far(facts)}".strip(),
         "It goes to where you paid from. Banks take up to ten days.",
         *(["The organiser writes:"] if facts["reason"] else [])),
        "See the booking", _booking(facts), quote=facts["reason"],
    )  # fmt: skip


def _so_far(facts: Facts) -> str:
    paid, back = (money.shown(facts[name], facts["currency"]) for name in ("paymentAmount", "refundedAmount"))
    if facts["amount"] == facts["paymentAmount"]:
        return ""
    if facts["refundedAmount"] == facts["paymentAmount"]:
        return f"With that, all of the {paid} that you paid has come back."
    if facts["refundedAmount"] == facts["amount"]:
        return f"You paid {paid}."
    return f"Of the {paid} that you paid, {back} has come back so far."


def event_changed(facts: Facts) -> Words:
    changes = rules.differences(facts["before"], facts["after"])
    what = " and ".join({"When": "time", "Where": "place"}[change.label] for change in changes)
    return Words(
        f"New {what}", _title(facts),
        ("The organiser changed this event. Your booking stays as it is.",),
        "See the event", _event(facts), changes=tuple(changes),
    )  # fmt: skip


def event_cancelled(facts: Facts) -> Words:
    return Words(
        "Cancelled", _title(facts),
        ("The organiser cancelled this event, and your booking with it. We are sorry.",
         "Whatever you paid goes back to you in full; you need not do anything."),
        "Find another event", "/",
    )  # fmt: skip


def reminder(facts: Facts) -> Words:
    event = facts["event"]
    return Words(
        "See you soon", event["title"],
        (f"It begins {_moment(facts, event['date'])}, at {event['location']}.",
         "Have your tickets at hand when you come."),
        "Show my tickets", "/my/bookings",
    )  # fmt: skip


def organizer_message(facts: Facts) -> Words:
    of_event = facts.get("event") is not None
    writer = "Frontrow" if facts.get("from") == "frontrow" else f"The organiser of {_title(facts)}"
    return Words(
        facts["subject"] or ("A word from the organiser" if of_event else "A word from Frontrow"),
        _title(facts) if of_event else "",
        (f"{writer} writes:",) if of_event else (),
        *(("See the event", _event(facts)) if of_event else ("Open Frontrow", "/")),
        quote=facts["message"],
    )


CANCELLED_BECAUSE: dict[str, Callable[[Facts], Words]] = {
    "person": given_back, "refunded": refunded_in_full, "paid_too_late": paid_too_late,
}  # fmt: skip
REFUNDED_BECAUSE = {
    "organizer": "granted by the organiser",
    "person": "because you gave your booking back",
    "event_cancelled": "because the event was cancelled",
    "paid_too_late": "because it was paid too late and no places were left",
}
BY_KIND: dict[str, Callable[[Facts], Words]] = {
    rules.USER_REGISTERED: registered, rules.BOOKING_HELD: held, rules.BOOKING_CONFIRMED: confirmed,
    rules.BOOKING_EXPIRED: expired, rules.BOOKING_CANCELLED: cancelled, rules.PAYMENT_FAILED: payment_failed,
    rules.REFUND_SUCCEEDED: refund, rules.EVENT_CHANGED: event_changed,
    rules.EVENT_CANCELLED: event_cancelled, rules.EVENT_REMINDER: reminder,
    rules.ORGANIZER_MESSAGE: organizer_message,
}  # fmt: skip


def _title(facts: Facts) -> str:
    return facts["event"]["title"] if facts.get("event") else "your event"


def _moment(facts: Facts, at: str) -> str:
    return rules.moment(at, facts["event"]["timezone"] if facts.get("event") else "UTC")


def _booking(facts: Facts) -> str:
    return f"/my/bookings/{facts['bookingId']}"


def _event(facts: Facts) -> str:
    return f"/e/{facts['eventId']}"
