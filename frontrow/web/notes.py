"""What a page says about what was just done: told by a word in its address, so that nothing is stored."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence, its kind (good, info, warn or bad), and below which path it is told.

    So that no link makes a page say what it never would.
    """

    kind: str
    place: str
    text: str | Promise


NOTES = {
    "signed-out": Note("good", "/", _("You are signed out.")),
    "signed-out-everywhere": Note("good", "/", _("You are signed out on all devices.")),
    "account-deleted": Note("good", "/", _("Your account is deleted. Thank you for having been here.")),
    "choose": Note("info", "/e/", _("Choose how many places you would like.")),
    "types-changed": Note("warn", "/e/", _("The tickets of this event have changed. Please choose again.")),
    "already-held": Note(
        "info",
        "/my/",
        _("You hold these places already, so nothing was booked a second time."),
    ),
    "choose-card": Note("warn", "/my/", _("Choose a card to pay with.")),
    "nothing-due": Note("info", "/my/", _("There is nothing left to pay here.")),
    "payment-unknown": Note(
        "warn",
        "/my/",
        _(
            "We do not know yet whether your payment went through. Look again in a moment: "
            "you are not charged twice."
        ),
    ),
    "profile-saved": Note("good", "/account/", _("Saved.")),
    "password-changed": Note(
        "good", "/account/", _("Your password is changed, and all other devices are signed out.")
    ),
    "password-replaced": Note("good", "/signin/", _("Your password is changed. Sign in with the new one.")),
    "confirmation-sent": Note("good", "/account/", _("We sent you a new link. It is good for a day.")),
    "confirmation-later": Note(
        "warn",
        "/account/",
        _("We sent you several links already. Look for them, or try again in an hour."),
    ),
    "two-factor-off": Note("good", "/account/", _("You sign in by your password alone again.")),
    "two-factor-needed": Note(
        "info", "/account/", _("Organisers sign in in two steps here. Turn that on first.")
    ),
    "mail-saved": Note("good", "/account/", _("Saved. Mail comes as you wish.")),
    "reviewed": Note("good", "/e/", _("Thank you. Your review is published.")),
    "draft-saved": Note("good", "/organize/", _("Your draft is saved. Only you see it.")),
    "event-saved": Note("good", "/organize/", _("Your changes are saved.")),
    "event-published": Note("good", "/organize/", _("Your event is on sale.")),
    "not-publishable": Note(
        "warn", "/organize/", _("Something is missing before this can go on sale. Look at the dates first.")
    ),
    "picture-refused": Note(
        "warn",
        "/organize/",
        _("Everything is saved but the picture. Choose a JPEG, PNG or WebP file of 10 MB at most."),
    ),
    "picture-later": Note(
        "warn", "/organize/", _("Everything is saved but the picture. Try it again in a moment.")
    ),
    "event-cancelled": Note(
        "info", "/organize/", _("The event is cancelled. Everybody is told, and paid money goes back.")
    ),
    "event-is-cancelled": Note(
        "info", "/organize/", _("This event is cancelled. Nothing about it can change.")
    ),
    "draft-dropped": Note("good", "/organize/", _("The draft is gone.")),
    "message-sent": Note(
        "good", "/organize/", _("Your message is on its way to everybody who holds places.")
    ),
    "refunded": Note("good", "/organize/", _("The money is on its way back.")),
    "answered": Note("good", "/organize/", _("Your answer stands below the review.")),
}


def note(word: str, path: str) -> Note | None:
    """The note of a word on the page of a path; None for a word that means nothing there."""
    found = NOTES.get(word)
    return found if found and f"{path}/".startswith(found.place) else None
