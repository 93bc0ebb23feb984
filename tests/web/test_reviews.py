"""Saying how an event was; each refusal in plain words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from frontrow.chassis import http
from frontrow.chassis.refusals import Unavailable
from frontrow.services.users import keys
from tests.cast import settle

pytestmark = pytest.mark.django_db
GOOD = {"rating": "4", "comment": "The second trio <b>was</b> the best."}


@pytest.fixture
def over(ada, ben, cy, time_machine):
    """An event that Ben attended, a day after its end."""
    event = ada.lists(price=0)
    ben.books(event)
    settle()
    time_machine.move_to(timezone.now() + timedelta(days=32))
    for actor in (ada, ben, cy):
        actor.token = keys.sign(actor.user_id, [], timezone.now())
    return event


def test_a_review_is_written_once_and_shown(visit, ben, over):
    browser = visit(ben)
    page = browser.get(f"/e/{over['eventId']}/review").content.decode()
    assert page.count('type="radio" name="rating"') == 5
    assert "4 stars: Good" in page
    assert "1 star: Bad" in page
    answer = browser.post(f"/e/{over['eventId']}/review", GOOD)
    assert answer.status_code == 303
    assert answer["Location"].endswith("?note=reviewed")
    mine = browser.get("/my/reviews").content.decode()
    assert "The second trio &lt;b&gt;was&lt;/b&gt; the best." in mine
    assert "An evening with Clara" in mine
    again = browser.post(f"/e/{over['eventId']}/review", GOOD)
    assert again.status_code == 409
    assert "You have reviewed this event already" in again.content.decode()


@pytest.mark.parametrize(("sent", "words"), [
    ({**GOOD, "rating": ""}, "Choose one to five stars"),
    ({**GOOD, "comment": " "}, "Say a word or two about it"),
])  # fmt: skip
def test_what_is_missing_is_said_and_nothing_is_lost(visit, ben, over, sent, words):
    answer = visit(ben).post(f"/e/{over['eventId']}/review", sent)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert words in text
    assert ("The second trio" in text) == bool(sent["comment"].strip())
    assert ('value="4" required checked' in text) == bool(sent["rating"])


def test_who_was_not_there_is_told_so(visit, cy, over):
    answer = visit(cy).post(f"/e/{over['eventId']}/review", GOOD)
    assert answer.status_code == 403
    assert "Only who had a ticket" in answer.content.decode()


def test_before_the_end_one_is_asked_to_come_back(visit, ada, ben):
    event = ada.lists(price=0)
    ben.books(event)
    answer = visit(ben).post(f"/e/{event['eventId']}/review", GOOD)
    assert answer.status_code == 409
    assert "It is not over yet" in answer.content.decode()


def test_without_any_review_one_is_led_on(visit, ben):
    assert "No reviews yet" in visit(ben).get("/my/reviews").content.decode()


def test_while_events_is_away_it_is_asked_once(visit, ada, ben, time_machine, monkeypatch):
    events = [ada.lists(price=0) for _ in range(3)]
    for event in events:
        ben.books(event)
    settle()
    time_machine.move_to(timezone.now() + timedelta(days=32))
    ben.token = keys.sign(ben.user_id, [], timezone.now())
    for event in events:
        assert ben.post("/reviews", {"eventId": event["eventId"], "rating": 4, "comment": "Lovely"})[0] == 201
    asked, ask = [], http.ask

    def away(service, *words, **named):
        if service == "events":
            asked.append(words)
            raise Unavailable
        return ask(service, *words, **named)

    monkeypatch.setattr(http, "ask", away)
    text = visit(ben).get("/my/reviews").content.decode()
    assert text.count("Lovely") == 3
    assert "An evening with Clara" not in text
    assert len(asked) == 1
