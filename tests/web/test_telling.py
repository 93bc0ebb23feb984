"""Messages to all who come, and answers to reviews."""

from datetime import UTC, datetime, timedelta

import pytest

from frontrow.services.events.models import Event
from tests.cast import settle, soon

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(ada):
    return ada.lists(price=0)


def messages(ben):
    settle()
    found = ben.get(f"/notifications/{ben.user_id}?kind=organizer_message")[1]["items"]
    return [(each["subject"], each["message"]) for each in found]


def test_a_message_reaches_who_holds_places_once(visit, ada, ben, cy, event):
    ben.books(event)
    settle()
    browser, path = visit(ada), f"/organize/{event['eventId']}/message"
    assert "1 place is held or sold" in browser.get(path).content.decode()
    sent = {"subject": "Doors", "message": "They open at seven.", "token": "a"}
    for _ in range(2):
        assert browser.post(path, sent)["Location"] == f"/organize/{event['eventId']}?note=message-sent"
    (subject, message), *others = messages(ben)
    assert "They open at seven." in message
    assert "Doors" in subject
    assert others == []
    assert messages(cy) == []


def test_an_empty_message_is_not_sent_and_nothing_is_lost(visit, ada, event):
    answer = visit(ada).post(f"/organize/{event['eventId']}/message", {"subject": "Doors", "message": " "})
    assert answer.status_code == 422
    assert 'value="Doors"' in answer.content.decode()


def test_too_many_messages_are_explained(visit, ada, event):
    path = f"/organize/{event['eventId']}/message"
    for n in range(100):
        answer = visit(ada).post(path, {"subject": f"Number {n}", "message": "Hello", "token": str(n)})
        if answer.status_code != 303:
            break
    assert answer.status_code == 422
    assert "You have written several times" in answer.content.decode()


def test_nobody_is_written_to_about_a_draft(visit, ada):
    draft = ada.lists(status="draft")
    assert visit(ada).get(f"/organize/{draft['eventId']}/message").status_code == 404


@pytest.fixture
def review(ada, ben):
    """What Ben wrote of an event of Ada's that is over."""
    event = ada.lists(price=0, date=soon(), endDate=soon(hours=1))
    ben.books(event)
    settle()
    over = datetime.now(UTC) - timedelta(hours=1)
    Event.objects.filter(event_id=event["eventId"]).update(date=over - timedelta(hours=1), end_date=over)
    from frontrow.services.reviews.models import Event as Known

    Known.objects.filter(event_id=event["eventId"]).update(end_date=over)
    body = {"eventId": event["eventId"], "rating": 4, "comment": "<script>Lovely</script>"}
    status, written = ben.post("/reviews", body)
    assert status == 201, written
    return written


def test_a_review_is_answered_once(visit, ada, review):
    browser, path = visit(ada), f"/organize/{review['eventId']}/reviews"
    page = browser.get(path).content.decode()
    assert "&lt;script&gt;Lovely" in page
    assert "<script>Lovely" not in page
    sent = {"review": review["reviewId"], f"{review['reviewId']}-comment": "Come again!"}
    assert browser.post(path, sent)["Location"] == f"{path}?note=answered"
    assert "Come again!" in browser.get(path).content.decode()
    assert "Publish the answer" not in browser.get(path).content.decode()
    assert browser.post(path, sent).status_code == 422


def test_an_empty_answer_is_shown_at_its_review(visit, ada, review):
    answer = visit(ada).post(f"/organize/{review['eventId']}/reviews", {"review": review["reviewId"]})
    assert answer.status_code == 422
    assert "<details open>" in answer.content.decode()


@pytest.mark.parametrize("which", ["", "nonsense", "019a0000-0000-7000-8000-000000000000"])
def test_an_answer_to_no_review_is_not_found(visit, ada, review, which):
    sent = {"review": which, f"{which}-comment": "Hello"}
    assert visit(ada).post(f"/organize/{review['eventId']}/reviews", sent).status_code == 404


def test_without_reviews_that_is_said(visit, ada, event):
    assert "No reviews yet" in visit(ada).get(f"/organize/{event['eventId']}/reviews").content.decode()
