import jwt
import pytest

from frontrow.services.users import user
from frontrow.services.users.models import User
from frontrow.services.users.tests.people import person_body

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]


def roles(session):
    return jwt.decode(session["accessToken"], options={"verify_signature": False})["roles"]


@pytest.mark.parametrize("login", ["ada", "ADA", "Ada@Example.org"])
def test_an_administrator_is_one_from_the_next_sign_in_on(account, sign_in, login):
    assert roles(sign_in()[1]) == []
    assert str(user.make_administrator(login).user_id) == account["userId"]
    assert roles(sign_in()[1]) == ["admin"]


def test_a_running_session_becomes_an_administrators_when_it_is_renewed(session, refresh):
    user.make_administrator("ada")
    assert roles(refresh(session["refreshToken"])[1]) == ["admin"]


def test_nobody_else_becomes_an_administrator(account, nobody, sign_in):
    nobody.post("/register", person_body("ben"))
    user.make_administrator("ada")
    assert roles(sign_in("ben")[1]) == []


def test_an_administrator_loses_the_role_with_the_next_token(account, sign_in, refresh):
    user.make_administrator("ada")
    _, session = sign_in()
    User.objects.update(is_admin=False)
    assert roles(refresh(session["refreshToken"])[1]) == []


@pytest.mark.parametrize("login", ["nobody", "nobody@example.org", "", "%"])
def test_only_who_is_registered_can_become_one(account, login):
    with pytest.raises(user.UnknownLogin):
        user.make_administrator(login)
    assert not User.objects.filter(is_admin=True).exists()
