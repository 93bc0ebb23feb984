"""Who people are, for services that know only their ids."""

import pytest
from django.test import Client

from frontrow.chassis.ids import new_id
from frontrow.chassis.middleware import INTERNAL_HEADER
from frontrow.services.users.models import User
from frontrow.services.users.tests.people import person_body

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_passwords")]


@pytest.fixture
def people(nobody):
    """Ada, Ben and Zoë: their ids by username."""
    names = {"ada": {"displayName": "Ada Lovelace"}, "ben": {}, "zoe": {"displayName": "Zoë Müßig"}}
    made = [nobody.post("/register", person_body(name, profileInfo=info)) for name, info in names.items()]
    assert {status for status, _ in made} == {201}
    return {body["username"]: body["userId"] for _, body in made}


@pytest.fixture
def ask(settings):
    """Ask as a service; the answer's status and body."""

    def call(user_ids, **more):
        secret = {INTERNAL_HEADER: settings.ENVIRONMENT.derived_secret("internal")}
        body = {"userIds": [str(each) for each in user_ids], **more}
        answer = Client().post("/internal/people", body, "application/json", headers=secret)
        return answer.status_code, answer.json()

    return call


def names(answer):
    assert answer[0] == 200, answer
    return [person["username"] for person in answer[1]["people"]]


def test_people_come_as_asked_with_the_name_they_show(people, ask):
    ids = [people["zoe"], people["ben"], people["zoe"]]
    zoe, ben = ask(ids)[1]["people"]
    assert zoe == {
        "userId": people["zoe"], "username": "zoe", "name": "Zoë Müßig", "email": "zoe@example.org"
    }  # fmt: skip
    assert (ben["username"], ben["name"]) == ("ben", "ben")


def test_who_is_unknown_or_disabled_is_left_out(people, ask):
    User.objects.filter(username="ben").update(is_active=False)
    assert names(ask([new_id(), *people.values()])) == ["ada", "zoe"]
    assert names(ask([])) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("love", ["ada"]),
        ("LOVELACE", ["ada"]),
        ("zoe m", ["zoe"]),
        ("mussig", ["zoe"]),
        ("Müßig", ["zoe"]),
        ("BEN@", ["ben"]),
        ("example.org", ["ada", "ben", "zoe"]),
        ("", ["ada", "ben", "zoe"]),
        (None, ["ada", "ben", "zoe"]),
        ("%", []),
        ("cy", []),
    ],
)
def test_words_are_looked_for_in_name_username_and_address(people, ask, words, found):
    assert names(ask(people.values(), q=words)) == found


def test_a_thousand_are_told_at_once_and_no_more(ask, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert names(ask(new_id() for _ in range(1000))) == []
    assert ask(new_id() for _ in range(1001))[0] == 422
    assert ask([], q="two\nlines")[0] == 422
    assert ask(["x"])[0] == 422


def test_nobody_else_is_told(ada, nobody, people):
    for person in (ada, nobody):
        assert person.post("/internal/people", {"userIds": [people["ada"]]})[0] == 404
