"""Links in mails: to a new password, and to confirm an address. Each works once, for a while, for what it was made."""

import base64
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from frontrow.chassis.models import Outbox
from frontrow.services.users import link, passwords, recovery, rules
from frontrow.services.users.models import Forgotten, Link, User
from frontrow.services.users.tests.people import PASSWORD, at_once, broken_at, person_body
from tests.cast import settle

pytestmark = pytest.mark.django_db

NEW = "a better horse"
HOME, CAFE = "192.0.2.1", "198.51.100.7"


def refused(answer):
    return answer[0], answer[1]["code"]


@pytest.fixture
def forgot(nobody):
    """Ask for a link to a new password; the answer's status."""
    return lambda email="ada@example.org", **headers: nobody.post(
        "/password/forgotten", {"email": email}, **headers
    )


@pytest.fixture
def reset(nobody):
    return lambda token, password=NEW: nobody.post(
        "/password/reset", {"token": token, "newPassword": password}
    )


@pytest.fixture
def confirm(nobody):
    return lambda token: nobody.post("/email/confirm", {"token": token})


@pytest.fixture
def confirmed(profile, session):
    """Whether Ada's address counts as confirmed."""
    return lambda: profile(session["accessToken"])[1]["emailConfirmed"]


def token_for(purpose, email="ada@example.org"):
    """What the last link of this kind to an address is opened with, as it is mailed."""
    recovery.answer(timezone.now())
    made = Link.objects.filter(purpose=purpose, user__email=email).latest(
        "pk" if purpose == "new_password" else "created_at"
    )
    token, _ = link.mailed(made.pk, timezone.now())
    return token


class TestForgotten:
    def test_the_link_opens_an_account_with_a_new_password(self, account, forgot, reset, sign_in):
        assert forgot() == (202, None)
        assert reset(token_for("new_password")) == (204, None)
        assert sign_in(password=NEW)[0] == 200
        assert refused(sign_in(password=PASSWORD)) == (401, "invalid_credentials")

    def test_all_sessions_end_and_the_address_is_confirmed(self, session, forgot, reset, refresh, confirmed):
        forgot()
        assert not confirmed()
        assert reset(token_for("new_password"))[0] == 204
        assert refused(refresh(session["refreshToken"])) == (401, "invalid_token")
        assert confirmed()

    def test_it_works_once(self, account, forgot, reset):
        forgot()
        token = token_for("new_password")
        assert reset(token)[0] == 204
        assert refused(reset(token)) == (410, "invalid_link")

    @pytest.mark.django_db(transaction=True)
    def test_of_many_who_open_it_at_once_one_succeeds(self, account, forgot, reset):
        forgot()
        token = token_for("new_password")
        answers = at_once(4, lambda number: reset(token, f"{NEW} {number}")[0])
        assert sorted(answers) == [204, 410, 410, 410]

    def test_it_dies_with_the_password_that_it_replaces(self, session, forgot, reset, nobody):
        forgot()
        token = token_for("new_password")
        body = {"currentPassword": PASSWORD, "newPassword": NEW}
        assert (
            nobody.put("/profile/password", body, Authorization=f"Bearer {session['accessToken']}")[0] == 200
        )
        assert refused(reset(token, "another horse")) == (410, "invalid_link")

    def test_it_dies_with_the_address_that_it_went_to(self, session, forgot, reset, nobody):
        forgot()
        token = token_for("new_password")
        headers = {"Authorization": f"Bearer {session['accessToken']}"}
        assert nobody.put("/profile", {"email": "lovelace@example.org"}, **headers)[0] == 200
        assert refused(reset(token)) == (410, "invalid_link")

    def test_it_dies_after_half_an_hour_from_its_mailing(self, account, forgot, reset, time_machine):
        forgot()
        recovery.answer(timezone.now())
        time_machine.shift(timedelta(hours=5))  # the mail server was away
        token = token_for("new_password")
        time_machine.shift(timedelta(minutes=29))
        assert link.opened(token, rules.NEW_PASSWORD, timezone.now())
        time_machine.shift(timedelta(minutes=2))
        assert refused(reset(token)) == (410, "invalid_link")

    def test_it_is_not_mailed_days_later(self, account, forgot, time_machine):
        forgot()
        recovery.answer(timezone.now())
        time_machine.shift(rules.MAILED_WITHIN + timedelta(seconds=1))
        assert link.mailed(Link.objects.latest("pk").pk, timezone.now()) is None

    def test_who_is_disabled_gets_none_and_opens_none(self, account, forgot, reset):
        forgot()
        token = token_for("new_password")
        User.objects.update(is_active=False)
        assert refused(reset(token)) == (410, "invalid_link")
        forgot()
        recovery.answer(timezone.now())
        assert Link.objects.filter(purpose="new_password").count() == 1

    def test_a_link_of_one_purpose_serves_no_other(self, account, forgot, reset, confirm):
        forgot()
        assert refused(confirm(token_for("new_password"))) == (410, "invalid_link")
        assert refused(reset(token_for("confirm_email"))) == (410, "invalid_link")

    @pytest.mark.parametrize(
        "token", ["x", "ä" * 64, "A" * 64, "AAAA", "=" * 64, base64.urlsafe_b64encode(b"x" * 48).decode()]
    )
    def test_what_was_never_ours_opens_nothing(self, account, reset, token):
        assert refused(reset(token)) == (410, "invalid_link")

    def test_every_bit_of_a_link_counts(self, account, forgot):
        forgot()
        token = token_for("new_password")
        raw = bytearray(base64.urlsafe_b64decode(token))
        for place in range(len(raw)):
            raw[place] ^= 1
            with pytest.raises(link.InvalidLink):
                link.opened(base64.urlsafe_b64encode(raw).decode(), rules.NEW_PASSWORD, timezone.now())
            raw[place] ^= 1
        assert link.opened(token, rules.NEW_PASSWORD, timezone.now())

    def test_a_guessable_password_leaves_the_link_as_it_was(self, account, forgot, reset):
        forgot()
        token = token_for("new_password")
        assert refused(reset(token, "password1")) == (422, "guessable_password")
        assert reset(token)[0] == 204

    def test_nothing_changes_when_the_end_of_it_fails(self, account, forgot, reset, sign_in):
        forgot()
        token = token_for("new_password")
        with connection.execute_wrapper(broken_at('UPDATE "users_refreshtoken"')):
            assert reset(token)[0] == 500
        assert sign_in()[0] == 200
        assert reset(token)[0] == 204


class TestNobodyLearnsWhoIsHere:
    def test_the_answer_and_what_is_done_for_it_are_the_same(self, account, nobody):
        seen = []
        for email in ("ada@example.org", "nobody@example.org"):
            statements = []

            def watched(execute, sql, params, many, context, statements=statements):
                statements.append(sql.partition(' "s')[0])  # without the number of a savepoint
                return execute(sql, params, many, context)

            with connection.execute_wrapper(watched):
                answer = nobody.client.post("/password/forgotten", {"email": email}, "application/json")
            headers = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
            seen.append((answer.status_code, answer.content, headers, statements))
        assert seen[0] == seen[1]
        assert len(seen[0][3]) > 0

    def test_strangers_wait_as_well(self, account, forgot, configure):
        configure(links_per_account=2)
        for email in ("ada@example.org", "nobody@example.org"):
            assert [forgot(email)[0] for _ in range(3)] == [202, 202, 429], email

    def test_an_address_waits_after_many(self, forgot, at, configure):
        configure(links_per_address=3)
        assert [forgot(f"n{n}@example.org", **at(CAFE))[0] for n in range(4)] == [202, 202, 202, 429]
        assert forgot("n9@example.org", **at(HOME))[0] == 202

    def test_addresses_of_strangers_are_not_kept(self, account, forgot):
        forgot("nobody@example.org")
        forgot()
        recovery.answer(timezone.now())
        assert not Forgotten.objects.exists()
        assert Link.objects.filter(purpose="new_password").count() == 1


class TestConfirming:
    def test_who_registers_confirms_by_the_mail_that_welcomes(self, account, confirm, confirmed):
        assert not confirmed()
        assert confirm(token_for("confirm_email")) == (204, None)
        assert confirmed()

    def test_another_address_is_to_be_confirmed_anew(self, session, nobody, confirm, confirmed):
        old = token_for("confirm_email")
        confirm(old)
        headers = {"Authorization": f"Bearer {session['accessToken']}"}
        status, changed = nobody.put("/profile", {"email": "lovelace@example.org"}, **headers)
        assert (status, changed["emailConfirmed"]) == (200, False)
        assert confirm(token_for("confirm_email", "lovelace@example.org"))[0] == 204
        assert confirmed()

    def test_a_link_to_one_address_confirms_no_other(self, session, nobody, confirm, confirmed):
        old = token_for("confirm_email")
        nobody.put("/profile", {"email": "x@example.org"}, Authorization=f"Bearer {session['accessToken']}")
        assert refused(confirm(old)) == (410, "invalid_link")
        assert not confirmed()

    def test_the_same_address_again_stays_confirmed(self, session, nobody, confirm, confirmed):
        confirm(token_for("confirm_email"))
        nobody.put("/profile", {"email": "ada@example.org"}, Authorization=f"Bearer {session['accessToken']}")
        assert confirmed()

    def test_it_is_sent_anew_until_it_is_confirmed(self, session, nobody, confirm):
        headers = {"Authorization": f"Bearer {session['accessToken']}"}
        assert nobody.post("/profile/email/confirmation", None, **headers) == (202, None)
        assert Link.objects.count() == 2
        confirm(token_for("confirm_email"))
        assert nobody.post("/profile/email/confirmation", None, **headers) == (202, None)
        assert Link.objects.count() == 2

    def test_it_is_sent_anew_a_few_times_only(self, session, nobody, configure):
        configure(links_per_account=2)
        headers = {"Authorization": f"Bearer {session['accessToken']}"}
        answers = [nobody.post("/profile/email/confirmation", None, **headers)[0] for _ in range(3)]
        assert answers == [202, 202, 429]

    def test_one_moves_to_a_few_addresses_only(self, session, nobody, configure):
        configure(links_per_account=2)
        headers = {"Authorization": f"Bearer {session['accessToken']}"}
        moves = [nobody.put("/profile", {"email": f"a{n}@example.org"}, **headers)[0] for n in range(3)]
        assert moves == [200, 200, 429]
        assert nobody.put("/profile", {"username": "countess"}, **headers)[0] == 200

    def test_who_is_nobody_asks_for_none(self, nobody, ben):
        assert refused(nobody.post("/profile/email/confirmation", None)) == (401, "not_signed_in")
        assert refused(ben.post("/profile/email/confirmation", None)) == (404, "not_found")

    def test_who_opened_it_before_another_used_it_comes_too_late(self, account):
        token = token_for("confirm_email")
        seen = link.opened(token, rules.CONFIRM_EMAIL, timezone.now())
        recovery.confirm(token, timezone.now())
        with pytest.raises(link.InvalidLink):
            recovery._use(seen, timezone.now())


class TestMails:
    def test_they_go_where_they_should_with_links_that_work(self, session, nobody, forgot, reset, confirm):
        settle()
        headers = {"Authorization": f"Bearer {session['accessToken']}"}
        nobody.put("/profile", {"email": "lovelace@example.org"}, **headers)
        forgot("lovelace@example.org")
        settle()
        told = {(each.to[0], each.subject): each.body for each in mail.outbox}
        assert set(told) == {
            ("ada@example.org", "Welcome to Frontrow"),
            ("ada@example.org", "Your e-mail address has changed"),
            ("lovelace@example.org", "Confirm your address"),
            ("lovelace@example.org", "A new password"),
        }
        welcome, anew = (
            told["ada@example.org", "Welcome to Frontrow"],
            told["lovelace@example.org", "Confirm your address"],
        )
        assert refused(confirm(token_in(welcome, "/account/confirm"))) == (410, "invalid_link")
        assert confirm(token_in(anew, "/account/confirm"))[0] == 204
        by_link = token_in(told["lovelace@example.org", "A new password"], "/signin/new-password")
        assert reset(by_link)[0] == 204
        settle()
        assert (mail.outbox[-1].to, mail.outbox[-1].subject) == (
            ["lovelace@example.org"],
            "Your password has changed",
        )

    def test_a_link_of_no_use_is_not_mailed(self, account, forgot, reset, nobody):
        forgot()
        reset(token_for("new_password"))
        settle()
        assert sorted(each.subject for each in mail.outbox) == [
            "Welcome to Frontrow",
            "Your password has changed",
        ]
        assert "/account/confirm" not in mail.outbox[0].body + mail.outbox[1].body

    def test_wishes_about_mail_stop_none_of_them(self, session, nobody):
        headers = {"Authorization": f"Bearer {session['accessToken']}"}
        path = f"/notifications/{session['userId']}/preferences"
        assert "new_password" not in nobody.get(path, **headers)[1]["mail"]
        for kind in ("new_password", "confirm_email", "access_changed"):
            assert nobody.put(path, {"mail": {kind: False}}, **headers)[0] == 422

    def test_no_table_message_or_log_has_what_opens_a_link(self, account, forgot, lines):
        forgot()
        recovery.answer(timezone.now())
        said = str(list(Outbox.objects.values()))
        settle()
        tokens = {token_in(each.body, path) for each, path in zip(
            sorted(mail.outbox, key=lambda each: each.subject), ["/signin/new-password", "/account/confirm"], strict=True
        )}  # fmt: skip
        assert len(tokens) == 2
        rows = str([
            list(model.objects.values()) for model in connection.introspection.installed_models(
                connection.introspection.django_table_names(only_existing=True)
            )
        ])  # fmt: skip
        assert "ada@example.org" in rows
        for token in tokens:
            parts = (token, token[-20:], base64.urlsafe_b64decode(token)[16:].hex())
            assert not [part for part in parts if part in said + rows + str(lines())]

    def test_only_our_services_are_told_what_opens_a_link(self, account, nobody, forgot):
        path = f"/internal/links/{account['userId']}"
        assert refused(nobody.post(path, None)) == (404, "not_found")


def token_in(body, path):
    """What the mail's link has."""
    (line,) = [line for line in body.splitlines() if path in line]
    return line.partition("token=")[2]


class TestGuessablePasswords:
    @pytest.mark.parametrize("password", ["password", "Password1", "iloveyou", "12345678", "qwertyuiop"])
    def test_the_most_common_are_refused(self, nobody, cheap_passwords, password):
        assert refused(nobody.post("/register", person_body(password=password))) == (
            422,
            "guessable_password",
        )
        assert not User.objects.exists()

    @pytest.mark.parametrize(
        "password", ["frontrow", "FrontRow2030!", "ada.lovelace", "1ada.lovelace1", "ada@example.org"]
    )
    def test_what_is_hardly_more_than_a_name_is_refused(self, nobody, cheap_passwords, password):
        body = person_body("ada.lovelace", email="ada@example.org", password=password)
        assert refused(nobody.post("/register", body)) == (422, "guessable_password")

    @pytest.mark.parametrize("password", ["front row seat", "my frontrow horse", "ada.lovelace and horses"])
    def test_what_has_a_name_in_it_and_much_beside_is_taken(self, nobody, cheap_passwords, password):
        assert nobody.post("/register", person_body("ada.lovelace", password=password))[0] == 201

    def test_no_way_to_set_a_password_takes_one(self, session, nobody):
        body = {"currentPassword": PASSWORD, "newPassword": "password1"}
        answer = nobody.put("/profile/password", body, Authorization=f"Bearer {session['accessToken']}")
        assert refused(answer) == (422, "guessable_password")

    def test_it_costs_no_hashing(self, nobody, monkeypatch):
        monkeypatch.setattr(passwords, "hashed", lambda *_: pytest.fail("it was hashed"))
        assert nobody.post("/register", person_body(password="password1"))[0] == 422
