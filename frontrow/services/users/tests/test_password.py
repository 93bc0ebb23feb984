"""A new password, and the end of all sessions."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.db import connection

from frontrow.services.users import passwords
from frontrow.services.users.models import RefreshToken, User
from frontrow.services.users.tests.people import PASSWORD, at_once, broken_at, person_body

pytestmark = pytest.mark.django_db

NEW = "a better horse"
HOME, CAFE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def change(session, nobody):
    """Change Ada's password; the answer's status and body."""

    def attempt(current=PASSWORD, new=NEW, **headers):
        headers = {"Authorization": f"Bearer {session['accessToken']}", **headers}
        return nobody.put("/profile/password", {"currentPassword": current, "newPassword": new}, **headers)

    return attempt


@pytest.fixture
def leave(session, nobody):
    """End all of Ada's sessions; the answer's status and body."""
    return lambda: nobody.post("/logout/everywhere", None, Authorization=f"Bearer {session['accessToken']}")


def refused(answer):
    return answer[0], answer[1]["code"]


class TestChanging:
    def test_one_signs_in_with_the_new_and_not_with_the_old(self, change, sign_in):
        assert change()[0] == 200
        assert sign_in(password=NEW)[0] == 200
        assert refused(sign_in(password=PASSWORD)) == (401, "invalid_credentials")
        assert identify_hasher(User.objects.get().password).algorithm == "argon2"

    def test_all_other_sessions_end_and_the_new_one_works(self, change, session, sign_in, refresh, profile):
        _, elsewhere = sign_in()
        status, fresh = change()
        assert (status, set(fresh)) == (200, set(session))
        for old in (session, elsewhere):
            assert refused(refresh(old["refreshToken"])) == (401, "invalid_token")
        assert profile(fresh["accessToken"])[0] == 200
        assert refresh(fresh["refreshToken"])[0] == 200

    def test_nobody_elses_session_ends(self, change, nobody, sign_in, refresh):
        nobody.post("/register", person_body("ben"))
        _, bens = sign_in("ben")
        change()
        assert refresh(bens["refreshToken"])[0] == 200

    def test_a_wrong_password_changes_nothing(self, change, session, sign_in, refresh):
        assert refused(change(current="wrong")) == (403, "wrong_password")
        assert sign_in()[0] == 200
        assert refresh(session["refreshToken"])[0] == 200

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"newPassword": NEW}, "currentPassword"),
            ({"currentPassword": PASSWORD}, "newPassword"),
            ({"currentPassword": PASSWORD, "newPassword": "1234567"}, "newPassword"),
            ({"currentPassword": PASSWORD, "newPassword": "x" * 257}, "newPassword"),
            ({"currentPassword": PASSWORD, "newPassword": "12345678\0"}, "newPassword"),
            ({"currentPassword": "", "newPassword": NEW}, "currentPassword"),
            ({"currentPassword": PASSWORD, "newPassword": NEW, "userId": "x"}, "userId"),
        ],
        ids=str,
    )
    def test_a_wrong_field_is_named_and_changes_nothing(self, session, nobody, sign_in, body, field):
        status, problem = nobody.put(
            "/profile/password", body, Authorization=f"Bearer {session['accessToken']}"
        )
        assert (status, [error["field"] for error in problem["errors"]]) == (422, [field])
        assert sign_in()[0] == 200

    def test_who_is_nobody_changes_nothing(self, nobody, ben):
        body = {"currentPassword": PASSWORD, "newPassword": NEW}
        assert refused(nobody.put("/profile/password", body)) == (401, "not_signed_in")
        assert refused(ben.put("/profile/password", body)) == (404, "not_found")

    def test_who_is_disabled_changes_nothing(self, change):
        User.objects.update(is_active=False)
        assert refused(change()) == (404, "not_found")

    def test_when_a_session_cannot_be_made_the_old_password_stays(self, change, session, sign_in, refresh):
        with connection.execute_wrapper(broken_at('INSERT INTO "users_refreshtoken"')):
            assert change()[0] == 500
        assert sign_in()[0] == 200
        assert refresh(session["refreshToken"])[0] == 200


class TestGuessing:
    def test_wrong_ones_count_like_failed_sign_ins(self, change, sign_in):
        assert {change(current="wrong")[0] for _ in range(5)} == {403}
        assert {sign_in(password="wrong")[0] for _ in range(5)} == {401}
        assert refused(change()) == (429, "too_many_requests")
        assert refused(sign_in()) == (429, "too_many_requests")

    def test_who_must_wait_costs_no_hashing(self, change, configure, monkeypatch):
        configure(sign_in_failures_per_account=1)
        change(current="wrong")
        monkeypatch.setattr(passwords, "matches", lambda *_: pytest.fail("it was compared"))
        assert change()[0] == 429

    def test_a_thief_of_a_token_locks_nobody_out_at_home(self, change, sign_in, at):
        assert sign_in(**at(HOME))[0] == 200
        assert {change(current="wrong", **at(CAFE))[0] for _ in range(10)} == {403}
        assert change(**at(CAFE))[0] == 429
        assert change(**at(HOME))[0] == 200


class TestLeaving:
    def test_every_session_ends_and_no_one_elses(self, leave, session, sign_in, nobody, refresh):
        nobody.post("/register", person_body("ben"))
        (_, elsewhere), (_, bens) = sign_in(), sign_in("ben")
        assert leave() == (204, None)
        for old in (session, elsewhere):
            assert refused(refresh(old["refreshToken"])) == (401, "invalid_token")
        assert refresh(bens["refreshToken"])[0] == 200
        assert leave() == (204, None)
        assert sign_in()[0] == 200

    def test_who_is_nobody_leaves_nowhere(self, nobody, ben):
        assert refused(nobody.post("/logout/everywhere", None)) == (401, "not_signed_in")
        assert refused(ben.post("/logout/everywhere", None)) == (404, "not_found")


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_of_several_who_change_it_one_wins(self, change, sign_in):
        news = [f"a better horse {n}" for n in range(6)]
        answers = at_once(6, lambda n: change(new=news[n]))
        assert sorted(status for status, _ in answers) == [200] + [403] * 5
        winner = next(new for new, (status, _) in zip(news, answers, strict=True) if status == 200)
        assert sign_in(password=winner)[0] == 200
        assert RefreshToken.objects.filter(revoked_at=None).count() == 2

    def test_a_sign_in_with_the_old_one_does_not_outlive_it(self, change, sign_in, monkeypatch):
        """It was found right just before the change was committed."""
        matches = passwords.matches
        monkeypatch.setattr(passwords, "matches", lambda *given: matches(*given) and meanwhile())

        def meanwhile():
            monkeypatch.setattr(passwords, "matches", matches)
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(lambda: (change(), connection.close())).result()[0][0] == 200
            return True

        assert refused(sign_in()) == (401, "invalid_credentials")
        assert RefreshToken.objects.filter(revoked_at=None).count() == 1
