import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from frontrow.services.users.models import RefreshToken, User
from frontrow.services.users.tests.people import PASSWORD, at_once
from tests.cast import settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def log_out(nobody):
    return lambda token: nobody.post("/logout", {"refreshToken": token})


def assert_dead(answer):
    status, problem = answer
    assert (status, problem.get("code")) == (401, "invalid_token")


def test_a_refresh_token_gives_new_tokens_that_work(session, refresh, profile):
    status, renewed = refresh(session["refreshToken"])
    assert (status, renewed["userId"]) == (200, session["userId"])
    assert renewed["refreshToken"] != session["refreshToken"]
    assert profile(renewed["accessToken"])[0] == 200
    assert refresh(renewed["refreshToken"])[0] == 200


def test_a_refresh_token_works_once_and_its_second_use_ends_the_family(session, refresh):
    _, renewed = refresh(session["refreshToken"])
    assert_dead(refresh(session["refreshToken"]))
    assert_dead(refresh(renewed["refreshToken"]))


def test_reuse_late_in_a_long_family_ends_it_as_well(session, refresh):
    tokens = [session["refreshToken"]]
    for _ in range(5):
        tokens.append(refresh(tokens[-1])[1]["refreshToken"])
    assert_dead(refresh(tokens[2]))
    assert_dead(refresh(tokens[-1]))
    assert not RefreshToken.objects.filter(revoked_at=None).exists()


def test_reuse_ends_no_other_session(session, refresh, sign_in):
    _, other = sign_in()
    refresh(session["refreshToken"])
    assert_dead(refresh(session["refreshToken"]))
    assert refresh(other["refreshToken"])[0] == 200


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_use_a_token_at_once_one_succeeds_and_then_the_family_is_dead(session, refresh):
    answers = at_once(10, lambda _: refresh(session["refreshToken"]))
    assert sorted(status for status, _ in answers) == [200] + [401] * 9
    (winner,) = (body for status, body in answers if status == 200)
    assert_dead(refresh(winner["refreshToken"]))


class Paused:
    """For connection.execute_wrapper: stops after the SQL that has these words, until told to go on."""

    def __init__(self, words):
        self.words, self.reached, self.go_on = words, threading.Event(), threading.Event()

    def __call__(self, execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if self.words in sql:
            self.reached.set()
            assert self.go_on.wait(30)
        return result


def waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return cursor.fetchone()[0] > 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ending", ["reuse", "logout", "everywhere", "password"])
def test_a_token_being_made_while_its_family_ends_is_dead_too(session, refresh, log_out, nobody, ending):
    used, current = session["refreshToken"], refresh(session["refreshToken"])[1]["refreshToken"]
    mine, words = {"Authorization": f"Bearer {session['accessToken']}"}, {"newPassword": "a better horse"}
    end = {
        "reuse": lambda: refresh(used),
        "logout": lambda: log_out(current),
        "everywhere": lambda: nobody.post("/logout/everywhere", None, **mine),
        "password": lambda: nobody.put("/profile/password", {"currentPassword": PASSWORD, **words}, **mine),
    }[ending]
    pause = Paused('INSERT INTO "users_refreshtoken"')

    def renew_slowly():
        try:
            with connection.execute_wrapper(pause):
                return refresh(current)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        renewal = pool.submit(renew_slowly)
        assert pause.reached.wait(30)
        ended = pool.submit(lambda: (end(), connection.close()))
        while not (waits_for_a_lock() or ended.done()):
            pass
        pause.go_on.set()
        status, renewed = renewal.result()
    assert status == 200
    assert_dead(refresh(renewed["refreshToken"]))


def test_the_end_of_a_family_is_remembered_though_the_answer_is_a_refusal(session, refresh):
    refresh(session["refreshToken"])
    refresh(session["refreshToken"])
    assert set(RefreshToken.objects.values_list("revoked_at", flat=True)) != {None}
    assert RefreshToken.objects.filter(revoked_at=None).count() == 0


@pytest.mark.parametrize("token", ["", " ", "x", "0" * 43, "\u0000", "ä" * 43, "x" * 500])
def test_a_token_never_given_out_is_refused(session, refresh, log_out, token):
    for call in (refresh, log_out):
        status, problem = call(token)
        assert (status, problem["code"]) in {(401, "invalid_token"), (422, "invalid_request")}
    assert refresh(session["refreshToken"])[0] == 200


def test_an_access_token_renews_nothing(session, refresh):
    assert_dead(refresh(session["accessToken"][-500:]))


def test_logging_out_ends_the_session(session, refresh, log_out):
    _, renewed = refresh(session["refreshToken"])
    assert log_out(renewed["refreshToken"]) == (204, None)
    assert_dead(refresh(renewed["refreshToken"]))


def test_logging_out_with_an_older_token_ends_the_session_too(session, refresh, log_out):
    _, renewed = refresh(session["refreshToken"])
    assert log_out(session["refreshToken"]) == (204, None)
    assert_dead(refresh(renewed["refreshToken"]))


def test_logging_out_twice_is_fine_and_ends_no_other_session(session, sign_in, refresh, log_out):
    _, other = sign_in()
    assert [log_out(session["refreshToken"])[0] for _ in range(2)] == [204, 204]
    assert refresh(other["refreshToken"])[0] == 200


def test_a_refresh_token_lives_thirty_days(account, sign_in, refresh, time_machine):
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)
    first, second = sign_in()[1], sign_in()[1]
    time_machine.move_to("2030-01-31T11:59:59Z", tick=False)
    assert refresh(first["refreshToken"])[0] == 200
    time_machine.move_to("2030-01-31T12:00:00Z", tick=False)
    assert_dead(refresh(second["refreshToken"]))


def test_an_access_token_lives_fifteen_minutes(account, sign_in, profile, time_machine):
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)
    token = sign_in()[1]["accessToken"]
    time_machine.move_to("2030-01-01T12:14:59Z", tick=False)
    assert profile(token)[0] == 200
    time_machine.move_to("2030-01-01T12:15:00Z", tick=False)
    assert_dead(profile(token))


def test_an_installation_sets_how_long_tokens_live(account, sign_in, refresh, configure, time_machine):
    configure(access_token_seconds=60, refresh_token_days=1)
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)
    _, session = sign_in()
    assert session["expiresIn"] == 60
    time_machine.move_to("2030-01-02T12:00:00Z", tick=False)
    assert_dead(refresh(session["refreshToken"]))


def test_who_is_disabled_cannot_go_on_and_is_not_back_when_enabled(session, refresh):
    User.objects.update(is_active=False)
    assert_dead(refresh(session["refreshToken"]))
    User.objects.update(is_active=True)
    assert_dead(refresh(session["refreshToken"]))


@pytest.mark.parametrize(("days", "left"), [(29, 2), (31, 0)])
def test_tokens_past_their_end_are_forgotten_in_time_and_no_others(session, refresh, days, left):
    refresh(session["refreshToken"])
    settle(timezone.now() + timedelta(days=days))
    assert RefreshToken.objects.count() == left
