"""Everybody is told in their own language: the list in the reader's, the mail in that of the account."""

from email import message_from_bytes, policy

import pytest
from django.conf import settings
from django.core import mail
from django.utils import translation

from frontrow.chassis.ids import new_id
from frontrow.services.notifications import mailing, rules, words
from frontrow.services.notifications.models import Notification, Person
from frontrow.services.notifications.notification import in_language, tell
from frontrow.services.notifications.telling import Draft

from .stage import BEN, FACTS, MAILED, MOVED, NOW, TOLD, heard, told

LANGUAGES = [code for code, _ in settings.LANGUAGES]
each_other_language = pytest.mark.parametrize("language", LANGUAGES[1:])
VARIANTS = [
    *((kind, {}) for kind in FACTS),
    ("booking_confirmed", {"amount": 0}),
    *(("booking_cancelled", {"reason": reason}) for reason in words.CANCELLED_BECAUSE),
    *(("payment_failed", {"code": code}) for code in words.FAILED_BECAUSE),
    *(("refund_succeeded", {"cause": cause}) for cause in words.REFUNDED_BECAUSE),
    *(("refund_succeeded", {"amount": 2500, "refundedAmount": back}) for back in (2500, 5000, 9000)),
    ("event_changed", {"after": {**TOLD, "location": "Elsewhere"}}),
    ("event_changed", {"after": {**MOVED, "location": "Elsewhere"}}),
    ("organizer_message", {"from": "frontrow"}),
]


def said(language, kind, **changes):
    with translation.override(language):
        found = words.words(kind, {**FACTS[kind], "event": TOLD, **changes})
        return found, found.subject, found.message


@each_other_language
@pytest.mark.parametrize(("kind", "changes"), VARIANTS)
def test_nothing_of_ours_stays_english(language, kind, changes):
    ours, subject, message = said(language, kind, **changes)
    english, _, english_message = said("en", kind, **changes)
    assert ours.headline != english.headline
    assert ours.action != english.action
    assert len(ours.paragraphs) == len(english.paragraphs)
    left = {sentence for sentence in english_message.replace("\n", ". ").split(". ") if sentence}
    assert [each for each in left if each in message and each != ours.quote] == []
    assert "%(" not in subject + message


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [
        ("en", "it goes back on sale", "they go back on sale"),
        ("de", "kommt er wieder in den Verkauf", "kommen sie wieder in den Verkauf"),
        ("fr", "elle sera remise en vente", "elles seront remises en vente"),
        ("es", "volverá a la venta", "volverán a la venta"),
    ],
)
def test_one_place_and_two_have_their_own_grammar(language, one, two):
    (item, *_) = FACTS["booking_held"]["items"]
    for quantity, grammar in ((1, one), (2, two)):
        assert grammar in said(language, "booking_held", items=[{**item, "quantity": quantity}])[2]


@pytest.mark.parametrize(
    ("language", "money", "moment"),
    [
        ("de", "90 €", "Montag, 1. April 2030, 11:45 CEST"),
        ("fr", "90 €", "lundi 1 avril 2030, 11:45 CEST"),
        ("es", "90 €", "lunes, 1 de abril de 2030, 11:45 CEST"),
    ],
)
def test_money_and_times_are_written_as_there(language, money, moment):
    message = " ".join(said(language, "booking_held")[2].split())
    assert money in message
    assert moment in message


def test_what_others_wrote_stays_as_it_is():
    found, subject, message = said("de", "organizer_message", subject="Doors", message="Come early.")
    assert subject == "Doors: An evening with Clara"
    assert message.endswith("Der Veranstalter von „An evening with Clara“ schreibt:\n\nCome early.")
    assert found.quote == "Come early."


def test_a_reason_of_which_we_know_nothing_is_told_as_the_bank_says_it():
    assert "Do not honour." in said("de", "payment_failed", code="x", reason="Do not honour.")[2]


@pytest.mark.django_db
class TestReading:
    def tell(self, actor, kind="user_registered", **facts):
        tell([Draft(user_id=actor.user_id, kind=kind, cause=new_id(), facts=facts, date=NOW)], NOW)

    def read(self, actor, wanted=None):
        headers = {
            "Authorization": f"Bearer {actor.token}",
            **({"Accept-Language": wanted} if wanted else {}),
        }
        answer = actor.client.get(f"/notifications/{actor.user_id}", headers=headers)
        return answer, [item["subject"] for item in answer.json()["items"]]

    @pytest.mark.parametrize(
        ("wanted", "language", "subject"),
        [
            (None, "en", "Welcome to Frontrow"), ("en", "en", "Welcome to Frontrow"),
            ("de", "de", "Willkommen bei Frontrow"), ("de-AT,en;q=0.5", "de", "Willkommen bei Frontrow"),
            ("fr", "fr", "Bienvenue chez Frontrow"), ("en;q=0.3, es", "es", "Te damos la bienvenida a Frontrow"),
            ("it, fr;q=0.2", "fr", "Bienvenue chez Frontrow"), ("it", "en", "Welcome to Frontrow"),
            ("*", "en", "Welcome to Frontrow"), ("\x7f;;q=x", "en", "Welcome to Frontrow"),
        ],
    )  # fmt: skip
    def test_the_list_is_in_the_language_that_was_asked_for(self, ben, wanted, language, subject):
        self.tell(ben)
        answer, subjects = self.read(ben, wanted)
        assert subjects == [subject]
        assert answer["Content-Language"] == language
        assert "Accept-Language" in answer["Vary"]

    def test_reading_stores_nothing(self, ben):
        self.tell(ben)
        before = Notification.objects.values().get()
        assert self.read(ben, "de")[1] == ["Willkommen bei Frontrow"]
        assert Notification.objects.values().get() == before
        assert translation.get_language() == "en"

    def test_who_asks_in_no_language_is_answered_in_ours_whoever_caused_it(self, ben):
        with translation.override("de"):
            self.tell(ben)
            assert self.read(ben)[1] == ["Welcome to Frontrow"]

    def test_what_older_code_told_with_fewer_facts_stays_as_it_was_told(self, ben):
        self.tell(ben)
        self.tell(ben, "organizer_message", subject="Doors", message="Come early.")
        older = {"facts": {"message": "Come early.", "event": None}, "subject": "Doors", "message": "Early!"}
        Notification.objects.filter(kind="organizer_message").update(**older)
        for language in ("de", None):
            assert "Doors" in self.read(ben, language)[1]

    def test_what_older_code_told_speaks_of_the_event_among_its_facts(self, ben):
        facts = {**FACTS["booking_held"], "event": TOLD}
        Notification.objects.create(user_id=ben.user_id, kind="booking_held", cause=new_id(), event_id=new_id(),
                                    facts=facts, told=True, subject="Held: Clara", message="…", date=NOW)  # fmt: skip
        assert self.read(ben)[1] == ["Held for you: An evening with Clara"]
        assert self.read(ben, "de")[1] == ["Für Sie reserviert: An evening with Clara"]

    def test_other_faults_are_not_hidden(self):
        with pytest.raises(TypeError):
            in_language([Notification(kind=rules.BOOKING_HELD, facts=None)], "de")


@pytest.mark.django_db
class TestMail:
    def mail(self, locale, kind="booking_held"):
        info = {} if locale is None else {"locale": locale}
        heard(
            "user.updated", userId=BEN, version=2, email="ben@example.org", username="Ben", profileInfo=info
        )
        heard("event.published")
        heard("booking.held")
        mailing.send_due(MAILED)
        return message_from_bytes(mail.outbox[-1].message().as_bytes(), policy=policy.default)

    @pytest.mark.parametrize(
        ("locale", "language", "subject", "hello", "total", "why"),
        [
            ("en", "en", "Held for you: An evening with Clara", "Hello Ben,", "Total   €90", "because you booked"),
            ("de-CH", "de", "Für Sie reserviert: An evening with Clara", "Guten Tag Ben,", "Gesamt   90 €", "weil Sie"),
            ("fr", "fr", "Réservé pour vous : An evening with Clara", "Bonjour Ben,", "Total   90 €", "parce que vous"),
            ("es", "es", "Reservado para ti: An evening with Clara", "Hola, Ben:", "Total   90 €", "porque reservaste"),
        ],
    )  # fmt: skip
    def test_a_mail_is_in_the_language_of_the_account(self, locale, language, subject, hello, total, why):
        got = self.mail(locale)
        text, html = (got.get_body([kind]).get_content() for kind in ("plain", "html"))
        assert (got["Subject"], got["Content-Language"]) == (subject, language)
        assert hello in text
        assert total in text.replace("\xa0", " ")
        assert why in text
        assert why in html
        assert f'<html lang="{language}">' in html
        assert translation.get_language() == "en"

    @pytest.mark.parametrize("locale", [None, "it", "frr", "zh-Hant-TW"])
    def test_in_a_language_that_we_do_not_speak_it_is_english(self, locale):
        got = self.mail(locale)
        assert (got["Subject"], got["Content-Language"]) == ("Held for you: An evening with Clara", "en")

    def test_people_known_before_we_learned_languages_are_written_to_in_english(self):
        assert Person(user_id=BEN, version=1, email="b@example.org", name="Ben").reads == "en"

    def test_the_month_and_what_was_booked_are_in_it(self):
        html = self.mail("es").get_body(["html"]).get_content()
        assert ">may<" in html
        assert ">Paga antes del lunes, 1 de abril de 2030, 11:45 CEST<" in html
        assert told("booking_held").subject == "Held for you: An evening with Clara"


@pytest.mark.django_db
def test_a_new_language_of_an_account_counts_from_then_on():
    for version, locale in ((2, "de"), (3, "fr-CA")):
        info = {"locale": locale}
        heard("user.updated", userId=BEN, version=version, email="ben@example.org", profileInfo=info)
    assert Person.objects.get().reads == "fr"
