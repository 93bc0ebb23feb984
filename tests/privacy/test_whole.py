"""The proof: of whom everything is held, all is exported; and once they left, nothing is found of them."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User as Shadow
from django.db import transaction
from django.db.models import Q

from frontrow.chassis import listener
from frontrow.services.bookings.models import Booking
from frontrow.services.payments.models import Payment, Refund
from frontrow.services.reviews.models import Review
from tests.cast import settle
from tests.money.stage import check_money
from tests.privacy import scan
from tests.privacy.stage import ABOUT, PASSWORD, SAID, lives, words_of

pytestmark = pytest.mark.django_db
KNOWN_BEFORE = {  # where something of Bela stands while she is here; her words are her own, or about her
    "auth_user.first_name", "auth_user.username",
    "bookings_booking.idempotency_key", "bookings_booking.user_id", "bookings_event.organizer_id",
    "bookings_finding.organizer_id",
    "chassis_delivery.error", "chassis_delivery.message",
    "django_admin_log.object_id", "django_admin_log.object_repr",
    "events_event.description", "events_event.organizer_id",
    "notifications_announcement.facts", "notifications_event.organizer_id", "notifications_notification.cause",
    "notifications_notification.facts",
    "notifications_notification.user_id", "notifications_person.email", "notifications_person.name",
    "notifications_person.user_id", "notifications_unwanted.user_id",
    "payments_finding.organizer_id", "payments_payment.idempotency_key", "payments_payment.organizer_id",
    "payments_payment.user_id", "payments_refund.granted_by", "payments_refund.idempotency_key",
    "payments_refund.reason",
    "reviews_booking.user_id", "reviews_event.organizer_id", "reviews_review.answer_comment",
    "reviews_review.comment", "reviews_review.user_id",
    "users_refreshtoken.user_id", "users_user.email", "users_user.profile_info", "users_user.user_id",
    "users_user.username",
}  # fmt: skip


def written_to(folder, address):
    return [path for path in folder.glob("*.eml") if f"To: {address}" in path.read_text()]


def test_who_leaves_takes_everything_with_them(person, friend, time_machine, mails):
    lives(person, friend, time_machine)
    words = words_of(person)

    before = scan.found(words.values())
    assert set(before) == KNOWN_BEFORE
    assert set().union(*before.values()) == set(words.values()) - {words["hex"]}
    assert written_to(mails, ABOUT["email"])

    kept = money_of(person)
    assert len(kept["bookings"]) == 5
    assert len(kept["payments"]) >= 4
    tallies = list(Review.objects.order_by("pk").values_list("rating", flat=True))

    assert person.leaves() == (204, None)
    settle()

    assert scan.found(words.values()) == {}
    assert written_to(mails, ABOUT["email"]) == []
    assert written_to(mails, "fritz@example.org")
    assert money_of(person) == {"bookings": [], "payments": [], "refunds": []}
    assert remaining(kept) == kept
    assert list(Review.objects.order_by("pk").values_list("rating", flat=True)) == tallies
    assert LogEntry.objects.get().user == Shadow.objects.get()
    check_money()


def money_of(person):
    """Their money records: what each was, without whose."""
    who = person.user_id
    payments = Payment.objects.filter(Q(user_id=who) | Q(organizer_id=who))
    refunds = Refund.objects.filter(Q(payment__user_id=who) | Q(granted_by=who))
    return {
        "bookings": records(Booking.objects.filter(user_id=who)),
        "payments": records(payments),
        "refunds": records(refunds),
    }


def records(rows):
    names = {"booking_id", "payment_id", "refund_id", "event_id", "status", "amount", "currency", "quantity",
             "refunded", "cause", "reference", "payment_date", "refund_date", "booking_date"}  # fmt: skip
    wanted = [field.attname for field in rows.model._meta.concrete_fields if field.attname in names]
    return sorted(map(str, rows.values_list(*wanted).distinct()))


def remaining(kept):
    """The same records as they stand now, whosever."""
    everything = {"bookings": Booking, "payments": Payment, "refunds": Refund}
    return {
        name: [row for row in records(model.objects.all()) if row in kept[name]]
        for name, model in everything.items()
    }


def test_what_stays_leads_to_nobody_not_even_to_each_other(person, friend, time_machine):
    lives(person, friend, time_machine)
    others = {friend.user_id, person.user_id}
    assert person.leaves()[0] == 204
    settle()
    for model in (Booking, Payment):
        strangers = [who for who in model.objects.values_list("user_id", flat=True) if who not in others]
        assert len(strangers) == len(set(strangers)) >= 4
    assert not Payment.objects.exclude(user_id=friend.user_id).exclude(method="", action_url="").exists()


def test_all_that_is_held_is_exported(person, friend, time_machine):
    lives(person, friend, time_machine)
    status, document = person.get("/profile/export")
    assert status == 200
    told = json.dumps(document, ensure_ascii=False)
    missing = {word for word in words_of(person).values() if word not in told} - {person.user_id.hex}
    assert missing == set()
    assert "fritz" not in told.lower()
    assert "argon2" not in told
    counted = {
        (s, n): len(rows) for s, sections in document["services"].items() for n, rows in sections.items()
    }
    assert counted == {**counted, 
        ("users", "account"): 1, ("events", "events"): 3, ("events", "ticketTypes"): 3,
        ("bookings", "bookings"): 5, ("bookings", "findings"): 1, ("payments", "payments"): 4,
        ("payments", "refunds"): 3, ("payments", "paymentsForMyEvents"): 1,
        ("payments", "refundsThatIGranted"): 1, ("payments", "findings"): 1,
        ("notifications", "contact"): 1, ("notifications", "unwantedByMail"): 1,
        ("notifications", "announcements"): 1, ("reviews", "reviews"): 1, ("reviews", "answers"): 1
    }  # fmt: skip
    assert counted["notifications", "notifications"] >= 8
    assert counted["notifications", "mails"] >= 8
    assert counted["users", "sessions"] == 1
    assert {row["status"] for row in document["services"]["bookings"]["bookings"]} == {
        "confirmed", "cancelled", "expired"
    }  # fmt: skip


def test_the_scan_tells_of_each_service_that_would_not_hear_of_it(person, friend, time_machine, monkeypatch):
    lives(person, friend, time_machine)
    words = words_of(person).values()
    for service in ("events", "bookings", "payments", "notifications", "reviews"):
        before = transaction.savepoint()
        with monkeypatch.context() as patch:
            patch.delitem(listener._handlers, (service, "user.erased.v1"))
            assert person.leaves() == (204, None)
            settle()
        left = {place.partition("_")[0] for place in scan.found(words)}
        assert service in left, service
        transaction.savepoint_rollback(before)


def test_every_column_that_could_tell_of_a_person_is_looked_at():
    assert scan.columns() >= KNOWN_BEFORE
    assert {"users_user.profile_info", "events_cover.large", "django_session.session_data"} <= scan.columns()


@pytest.mark.parametrize("word", SAID.values())
def test_the_scan_sees_what_somebody_wrote_in_any_column(word, friend):
    assert scan.found([word]) == {}
    friend.lists(description=word.upper(), status="draft")
    assert set(scan.found([word])) >= {"events_event.description"}


def test_the_password_of_the_stage_is_nowhere(person):
    assert scan.found([PASSWORD]) == {}
