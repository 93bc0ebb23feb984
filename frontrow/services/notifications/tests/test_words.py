import pytest

from frontrow.services.notifications import rules
from frontrow.services.notifications.words import BY_KIND, words

from .stage import FACTS, MOVED, TOLD

ABOUT_ACCOUNTS = {"user_registered", "new_password", "confirm_email", "access_changed"}
NEEDS_NONE = [kind for kind in FACTS if kind not in ("event_changed", "event_reminder")]


def said(kind, **changes):
    return words(kind, {**FACTS[kind], "event": TOLD, **changes})


def test_there_are_words_for_every_kind():
    assert set(FACTS) == set(BY_KIND) == set(rules.KINDS)


@pytest.mark.parametrize("kind", FACTS)
def test_a_subject_is_one_line_about_the_event(kind):
    found = said(kind)
    assert len(found.subject.splitlines()) == 1
    assert "An evening with Clara" in found.subject or kind in ABOUT_ACCOUNTS
    assert found.message
    assert found.path.startswith("/")


@pytest.mark.parametrize("kind", NEEDS_NONE)
def test_words_without_an_event_are_whole(kind):
    found = words(kind, {**FACTS[kind], "event": None})
    assert "None" not in found.subject + found.message


def test_a_title_cannot_break_a_subject():
    evil = {**TOLD, "title": "Clara\r\nBcc: all@example.org\u2028!"}
    assert said("booking_held", event=evil).subject == "Held for you: Clara Bcc: all@example.org !"


def test_a_hold_tells_its_deadline_and_price():
    message = said("booking_held").message
    assert "2 × Stalls" in message
    assert "until Monday, 1 April 2030, 11:45 CEST" in message
    assert "Pay €90" in message


def test_a_ticket_tells_what_was_paid():
    assert "You paid €90." in said("booking_confirmed", amount=9000).message
    assert "It is free." in said("booking_confirmed", amount=0).message


def test_a_failed_payment_tells_why_and_what_to_do():
    message = said("payment_failed").message
    assert "insufficient funds" in message
    assert "another card. We hold your places until Monday, 1 April 2030, 11:45 CEST." in message
    assert "We hold" not in said("payment_failed", deadline=None).message


@pytest.mark.parametrize(
    ("reason", "words_of_it"),
    [
        ("person", "You gave back 2 × Stalls"),
        ("refunded", "The organiser refunded your booking in full"),
        (
            "paid_too_late",
            "no places were left. We are sorry.\n\nAll of your money goes back to you: €90.",
        ),
    ],
)
def test_a_cancellation_tells_why(reason, words_of_it):
    assert words_of_it in said("booking_cancelled", reason=reason).message


def test_money_is_only_spoken_of_where_there_is_some():
    assert "goes back to you" in said("booking_cancelled").message
    assert "goes back to you" not in said("booking_cancelled", amount=0).message


@pytest.mark.parametrize(
    ("amount", "so_far", "sentence"),
    [
        (2500, 2500, "You paid €90."),
        (2500, 5000, "Of the €90 that you paid, €50 has come back so far."),
        (6500, 9000, "With that, all of the €90 that you paid has come back."),
        (9000, 9000, "€90 is on its way back to you, granted by the organiser.\n"),
    ],
)
def test_a_refund_tells_how_much_of_it(amount, so_far, sentence):
    assert sentence in said("refund_succeeded", amount=amount, refundedAmount=so_far).message


@pytest.mark.parametrize(
    ("cause", "because"),
    [
        ("organizer", "granted by the organiser"), ("person", "you gave your booking back"),
        ("event_cancelled", "the event was cancelled"), ("paid_too_late", "no places were left"),
    ],
)  # fmt: skip
def test_a_refund_tells_why(cause, because):
    assert because in said("refund_succeeded", cause=cause).message


def test_an_organiser_is_quoted():
    found = said("refund_succeeded")
    assert found.quote == "The second half was cut short."
    assert found.message.endswith("The organiser writes:\n\nThe second half was cut short.")
    assert "writes" not in said("refund_succeeded", reason="").message


def test_a_change_tells_what_it_was_and_what_it_is():
    found = said("event_changed", event=MOVED)
    assert found.headline == "New time"
    assert (
        "When: Thursday, 2 May 2030, 19:30–22:30 CEST (it was Wednesday, 1 May 2030, 20:00–23:00 CEST)."
        in found.message
    )
    both = said("event_changed", after={**MOVED, "location": "Elsewhere"})
    assert both.headline == "New time and place"


def test_a_word_of_the_organiser_has_their_subject_or_ours():
    assert said("organizer_message", subject="Doors").subject == "Doors: An evening with Clara"
    assert said("organizer_message").subject == "A word from the organiser: An evening with Clara"
    assert (
        words("organizer_message", {**FACTS["organizer_message"], "event": None}).subject
        == "A word from Frontrow"
    )
