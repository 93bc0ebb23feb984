"""What a mail looks like from the inside."""

from email import message_from_bytes, policy

import pytest
from django.core import mail

from frontrow.services.notifications import mailing, rules
from frontrow.services.notifications.letter import letter

from .stage import BEN, BOOKING, NOW, ben_is_known, ben_is_told_of_the_change, heard, told

pytestmark = pytest.mark.django_db
EVIL = '<script>alert(1)</script> & "Söhne" 🎻 مساء'


@pytest.fixture
def held():
    ben_is_known()
    heard("event.published", title=EVIL, location="<b>Here</b>")
    heard("booking.held")
    return told("booking_held")


def received(message):
    return message_from_bytes(message.message().as_bytes(), policy=policy.default)


def test_a_mail_says_who_wrote_it_and_is_the_same_when_sent_again(held, settings):
    first, second = (letter(held, "ben@example.org", "Ben", [], NOW) for _ in range(2))
    got = received(first)
    assert got["From"] == settings.ENVIRONMENT.mail_from
    assert got["To"] == "ben@example.org"
    assert got["Message-ID"] == f"<{held.pk}@127.0.0.1>" == received(second)["Message-ID"]
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"]
    assert got["Subject"].strip() == f"Held for you: {EVIL}"


def test_it_has_text_and_html_that_say_the_same(held):
    got = received(letter(held, "ben@example.org", "Ben", [], NOW))
    text, html = (got.get_body([kind]).get_content() for kind in ("plain", "html"))
    for said in ("Hello", "Ben", "until Monday, 1 April 2030, 11:45 CEST", "€90", "Wednesday, 1 May 2030, 20:00–23:00 CEST",
                 f"http://127.0.0.1:8000/my/bookings/{BOOKING}", "http://127.0.0.1:8000/account"):  # fmt: skip
        assert said in text
        assert said in html
    assert EVIL in text
    assert "<b>Here</b>" in text


def test_html_of_others_stays_text(held):
    html = received(letter(held, "ben@example.org", "<i>Ben</i>", [], NOW)).get_body(["html"]).get_content()
    assert "<script" not in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Söhne&quot; 🎻 مساء" in html


def test_nothing_is_fetched_from_anywhere(held):
    html = received(letter(held, "ben@example.org", "Ben", [], NOW)).get_body(["html"]).get_content()
    assert "src=" not in html
    assert "url(" not in html
    assert "<link" not in html


def test_a_header_cannot_be_broken(held):
    held.facts["event"]["title"] = "Clara\r\nBcc: all@example.org"
    got = received(letter(held, "ben@example.org", "Ben\r\nBcc: x@example.org", [], NOW))
    assert got["Bcc"] is None
    assert got["Subject"] == "Held for you: Clara Bcc: all@example.org"
    held.kind = rules.ORGANIZER_MESSAGE  # whose subject is somebody's words and no others
    held.facts = {"subject": "Doors\r\nBcc: all@example.org", "message": "At seven.", "event": None}
    got = received(letter(held, "ben@example.org", "Ben", [], NOW))
    assert (got["Bcc"], got["Subject"]) == (None, "Doors Bcc: all@example.org")


def test_links_lead_to_the_public_address(held, settings):
    public = {"public_url": "https://tickets.example.org/"}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=public)
    got = letter(held, "ben@example.org", "Ben", [], NOW)
    assert f"https://tickets.example.org/my/bookings/{BOOKING}" in got.body
    assert got.extra_headers["Message-ID"].endswith("@tickets.example.org>")


def test_a_mail_without_any_event_is_whole():
    ben_is_known()
    heard("user.registered", userId=BEN)
    mailing.send_due(NOW)
    (message,) = mail.outbox
    assert message.subject == "Welcome to Frontrow"
    assert "None" not in message.body + message.alternatives[0].content
    assert "None" not in message.alternatives[0].content


def test_a_change_shows_what_it_was():
    ben_is_known()
    heard("event.published")
    heard("event.updated", version=2, location="Elsewhere")
    ben_is_told_of_the_change()
    mailing.send_due(NOW)
    html = mail.outbox[-1].alternatives[0].content
    assert '<p class="new" dir="auto" style="margin:0 0 2px;font-size:15px;line-height:1.5">Elsewhere' in html
    assert 'class="soft over"' in html
    assert "Where: Elsewhere (it was Konzerthaus, Berlin)." in mail.outbox[-1].body
