"""What is said for each kind of notification, in the language that is active: in the app, and in the mail."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from frontrow.services.notifications import rules
from frontrow.services.notifications.wording import (
    Facts,
    Words,
    booked,
    change,
    count,
    moment,
    money,
    title,
    to_booking,
    to_event,
)


def words(kind: str, facts: Facts) -> Words:
    """What a notification says. `facts["event"]` is the event as it was then, or null if there is none.

    Raises KeyError if the facts are too few.
    """
    return BY_KIND[kind](facts)


def registered(facts: Facts) -> Words:
    ready = _("Your account is ready. Book places, pay, and find your tickets in one spot.")
    only = _("We write to you only about what concerns you, and you choose what comes by mail.")
    if "link" not in facts:
        return Words(_("Welcome to Frontrow"), "", (ready, only), _("Find an event"), "/")
    please = _("Please confirm that your tickets reach you at this address.")
    action, path = _("Confirm my address"), f"/account/confirm?token={facts['link']}"
    return Words(_("Welcome to Frontrow"), "", (ready, please, only), action, path)


def new_password(facts: Facts) -> Words:
    return Words(
        _("A new password"), "",
        (_("You, or somebody who knows your address, asked for a new password. "
           "The link in our mail works once, for half an hour."),
         _("If that was not you, do nothing: your password stays as it is.")),
        _("Choose a new password"), f"/signin/new-password?token={facts.get('link', '')}",
    )  # fmt: skip


def confirm_email(facts: Facts) -> Words:
    return Words(
        _("Confirm your address"), "",
        (_("Your tickets go to this address. The link in our mail shows us that they arrive. "
           "It works once, for a day."),
         _("If you have no account with us, do nothing.")),
        _("Confirm my address"), f"/account/confirm?token={facts.get('link', '')}",
    )  # fmt: skip


def access_changed(facts: Facts) -> Words:
    return Words(
        str(CHANGED[facts["change"]]), "",
        (_("This has just changed in your account. If it was you, all is well."),
         _("If it was not you, choose a new password at once, and write to us.")),
        _("Look at my account"), "/account",
    )  # fmt: skip


def held(facts: Facts) -> Words:
    price, until = money(facts), moment(facts, facts["expiresAt"])
    hold = _("We hold %(places)s for you until %(until)s.") % {**booked(facts), "until": until}
    pay = ngettext(
        "Pay %(price)s by then to keep it. After that it goes back on sale.",
        "Pay %(price)s by then to keep them. After that they go back on sale.",
        count(facts),
    ) % {"price": price}
    action = _("Pay %(price)s") % {"price": price}
    return Words(_("Held for you"), title(facts), (hold, pay), action, to_booking(facts), deadline=until)


def confirmed(facts: Facts) -> Words:
    paid = _("You paid %(price)s.") % {"price": money(facts)} if facts["amount"] else _("It is free.")
    sure = _("Your booking is confirmed: %(places)s.") % booked(facts)
    return Words(
        _("Your tickets"), title(facts), (f"{sure} {paid}",), _("Show my tickets"), to_booking(facts)
    )


def expired(facts: Facts) -> Words:
    return Words(
        _("Your hold has ended"), title(facts),
        (_("The time to pay is over, and your places went back on sale."),
         _("If a payment of yours is still on its way, it gets you these places if they are left, or else"
           " comes back to you by itself.")),
        _("See what is left"), to_event(facts),
    )  # fmt: skip


def cancelled(facts: Facts) -> Words:
    return CANCELLED_BECAUSE[facts["reason"]](facts)


def given_back(facts: Facts) -> Words:
    gave = ngettext(
        "You gave back %(places)s; it is no longer yours.",
        "You gave back %(places)s; they are no longer yours.",
        count(facts),
    ) % booked(facts)
    money_back = (_("Whatever you paid for it goes back to you."),) if facts["amount"] else ()
    return Words(
        _("Booking cancelled"), title(facts), (gave, *money_back), _("See the booking"), to_booking(facts)
    )


def refunded_in_full(facts: Facts) -> Words:
    why = ngettext(
        "The organiser refunded your booking in full, so %(places)s is no longer valid.",
        "The organiser refunded your booking in full, so %(places)s are no longer valid.",
        count(facts),
    ) % booked(facts)
    return Words(_("Booking cancelled"), title(facts), (why,), _("See the booking"), to_booking(facts))


def paid_too_late(facts: Facts) -> Words:
    return Words(
        _("Paid too late"), title(facts),
        (_("Your payment came after your hold had ended, and by then no places were left. We are sorry."),
         _("All of your money goes back to you: %(amount)s.") % {"amount": money(facts)}),
        _("See the event"), to_event(facts),
    )  # fmt: skip


def payment_failed(facts: Facts) -> Words:
    until = moment(facts, facts["deadline"]) if facts["deadline"] else ""
    why = str(FAILED_BECAUSE.get(facts["code"], facts["reason"]))  # others' codes: as the provider says it
    again = [_("Try again with another card.")]
    if until:
        again.append(_("We hold your places until %(until)s.") % {"until": until})
    said = (" ".join([why, _("You were not charged.")]), " ".join(again))
    return Words(_("Payment failed"), title(facts), said, _("Try again"), to_booking(facts), deadline=until)


def refund(facts: Facts) -> Words:
    amount = {"amount": money(facts)}
    because = str(REFUNDED_BECAUSE[facts["cause"]]) % amount
    return Words(
        _("Refund of %(amount)s") % amount, title(facts),
        (f"{because} {_so_far(facts)}".strip(),
         _("It goes to where you paid from. Banks take up to ten days."),
         *([_("The organiser writes:")] if facts["reason"] else [])),
        _("See the booking"), to_booking(facts), quote=facts["reason"],
    )  # fmt: skip


def _so_far(facts: Facts) -> str:
    sums = {"paid": money(facts, "paymentAmount"), "back": money(facts, "refundedAmount")}
    if facts["amount"] == facts["paymentAmount"]:
        return ""
    if facts["refundedAmount"] == facts["paymentAmount"]:
        return _("With that, all of the %(paid)s that you paid has come back.") % sums
    if facts["refundedAmount"] == facts["amount"]:
        return _("You paid %(price)s.") % {"price": sums["paid"]}
    return _("Of the %(paid)s that you paid, %(back)s has come back so far.") % sums


def event_changed(facts: Facts) -> Words:
    what = rules.differences(facts["before"], facts["after"])
    return Words(
        str(NEW[what]), title(facts),
        (_("The organiser changed this event. Your booking stays as it is."),),
        _("See the event"), to_event(facts),
        changes=tuple(change(each, facts["before"], facts["after"]) for each in what),
    )  # fmt: skip


def event_cancelled(facts: Facts) -> Words:
    return Words(
        pgettext("event", "Cancelled"), title(facts),
        (_("The organiser cancelled this event, and your booking with it. We are sorry."),
         _("Whatever you paid goes back to you in full; you need not do anything.")),
        _("Find another event"), "/",
    )  # fmt: skip


def reminder(facts: Facts) -> Words:
    event = facts["event"]
    when = {"when": moment(facts, event["date"]), "place": event["location"]}
    return Words(
        _("See you soon"), event["title"],
        (_("It begins on %(when)s, at %(place)s.") % when, _("Have your tickets at hand when you come.")),
        _("Show my tickets"), "/my/bookings",
    )  # fmt: skip


def organizer_message(facts: Facts) -> Words:
    if facts.get("event") is None:
        subject = facts["subject"] or _("A word from Frontrow")
        return Words(subject, "", (), _("Open Frontrow"), "/", quote=facts["message"])
    of_event = _("The organiser of %(event)s writes:") % {"event": title(facts)}
    return Words(
        facts["subject"] or _("A word from the organiser"), title(facts),
        (_("Frontrow writes:") if facts.get("from") == "frontrow" else of_event,),
        _("See the event"), to_event(facts), quote=facts["message"],
    )  # fmt: skip


CANCELLED_BECAUSE: dict[str, Callable[[Facts], Words]] = {
    "person": given_back, "refunded": refunded_in_full, "paid_too_late": paid_too_late,
}  # fmt: skip
FAILED_BECAUSE = {
    "card_declined": gettext_lazy("Your card was declined."),
    "insufficient_funds": gettext_lazy("Your card has insufficient funds."),
    "expired_card": gettext_lazy("Your card has expired."),
    "authentication_failed": gettext_lazy("Your bank did not confirm the payment."),
    "not_authenticated": gettext_lazy("The payment was not completed in time."),
    "superseded": gettext_lazy("Another payment was begun instead."),
    "no_answer": gettext_lazy("The bank did not answer."),
    "booking_cancelled": gettext_lazy("The booking was cancelled."),
    "cancelled": gettext_lazy("The payment was given up."),
}
REFUNDED_BECAUSE = {
    "organizer": gettext_lazy("%(amount)s is on its way back to you, granted by the organiser."),
    "person": gettext_lazy("%(amount)s is on its way back to you, because you gave your booking back."),
    "event_cancelled": gettext_lazy("%(amount)s is on its way back to you, because the event was cancelled."),
    "paid_too_late": gettext_lazy(
        "%(amount)s is on its way back to you, because it was paid too late and no places were left."
    ),
}
CHANGED = {
    "password": gettext_lazy("Your password has changed"),
    "email": gettext_lazy("Your e-mail address has changed"),
    "two_factor_on": gettext_lazy("Two-step sign-in is on"),
    "two_factor_off": gettext_lazy("Two-step sign-in is off"),
    "recovery_codes": gettext_lazy("You have new recovery codes"),
}
NEW = {
    (rules.TIME,): gettext_lazy("New time"),
    (rules.PLACE,): gettext_lazy("New place"),
    (rules.TIME, rules.PLACE): gettext_lazy("New time and place"),
}
BY_KIND: dict[str, Callable[[Facts], Words]] = {
    rules.USER_REGISTERED: registered, rules.BOOKING_HELD: held, rules.BOOKING_CONFIRMED: confirmed,
    rules.BOOKING_EXPIRED: expired, rules.BOOKING_CANCELLED: cancelled, rules.PAYMENT_FAILED: payment_failed,
    rules.REFUND_SUCCEEDED: refund, rules.EVENT_CHANGED: event_changed,
    rules.EVENT_CANCELLED: event_cancelled, rules.EVENT_REMINDER: reminder,
    rules.ORGANIZER_MESSAGE: organizer_message, rules.NEW_PASSWORD: new_password,
    rules.CONFIRM_EMAIL: confirm_email, rules.ACCESS_CHANGED: access_changed,
}  # fmt: skip
