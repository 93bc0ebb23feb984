"""The door of reviews: what it answers, what it refuses, and who may look."""

from uuid import UUID

import pytest

from frontrow.chassis.ids import new_id
from frontrow.services.reviews.models import Review
from tests.cast import settle

from .stage import booking_facts, event_facts, hear_booking, hear_event, over, reviewed, time_passes

pytestmark = pytest.mark.django_db
PAST = "2020-05-01T21:00:00+00:00"
WRONG = {  # by the field that the refusal names, what is sent instead
    "eventId": ["1", "", None, 7, "0198c5a0-0000-7000-8000-00000000000g"],
    "rating": [0, 6, -1, 4.5, 5.0, "5", True, None, [], 10**30],
    "comment": ["", "   ", "x" * 5001, "a\0b", "a\x1bb", "\ud800", None, 1, []],
    "reviewId": ["x"], "userId": ["0198c5a0-0000-7000-8000-000000000002"], "user_id": ["x"], "date": [PAST], "answer": ["Thanks"],
}  # fmt: skip
WRONG_ANSWERS = {"comment": WRONG["comment"], "rating": [5], "reviewId": ["x"]}


@pytest.fixture
def event_id(ada, ben):
    """An event of Ada's that is over, where Ben was."""
    event_id = hear_event(event_facts(organizerId=str(ada.user_id), endDate=PAST))
    hear_booking(booking_facts(event_id, ben.user_id))
    return str(event_id)


def body(event_id, **changes):
    return {"eventId": event_id, "rating": 5, "comment": "The echo alone!", **changes}


def refused(answer, field):
    status, problem = answer
    assert (status, problem["code"]) == (422, "invalid_request"), problem
    assert field in [error["field"] for error in problem["errors"]], problem
    return True


class TestWriting:
    def test_a_review_is_answered_as_it_will_be_read(self, ben, nobody, event_id):
        status, written = ben.post("/reviews", body(event_id, comment=" Twice.\nThe echo! "))
        assert status == 201
        assert UUID(written["reviewId"]).version == 7
        assert written == {
            "reviewId": written["reviewId"], "userId": str(ben.user_id), "eventId": event_id, "rating": 5,
            "comment": "Twice.\nThe echo!", "date": written["date"], "answer": None,
        }  # fmt: skip
        assert nobody.get(f"/reviews/{event_id}")[1]["items"] == [written]
        assert nobody.get(f"/reviews/user/{ben.user_id}")[1]["items"] == [written]

    def test_each_refusal_has_its_name(self, ada, ben, cy, event_id):
        soon, off = ada.lists()["eventId"], ada.lists()["eventId"]
        ada.delete(f"/events/{off}")
        ben.post("/reviews", body(event_id))
        found = [
            (who.post("/reviews", body(which))[0], who.post("/reviews", body(which))[1]["code"])
            for who, which in ((ben, str(new_id())), (ben, soon), (ben, off), (cy, event_id), (ben, event_id))
        ]
        assert found == [
            (404, "event_not_found"), (409, "event_not_over"), (409, "event_cancelled"),
            (403, "not_an_attendee"), (409, "already_reviewed"),
        ]  # fmt: skip

    @pytest.mark.parametrize("field", WRONG)
    def test_a_wrong_field_is_named(self, ben, event_id, field):
        for value in WRONG[field]:
            assert refused(ben.post("/reviews", body(event_id, **{field: value})), field)
        assert not Review.objects.exists()

    def test_every_missing_field_is_named(self, ben):
        _, problem = ben.post("/reviews", {})
        assert {error["field"] for error in problem["errors"]} == {"eventId", "rating", "comment"}

    def test_the_longest_comment_fits(self, ben, event_id):
        assert ben.post("/reviews", body(event_id, comment="é" * 5000))[0] == 201

    def test_from_booking_to_rating_without_waiting_for_any_message(self, ada, ben, nobody):
        event = ada.lists(price=0)
        ben.books(event)
        time_passes(event["eventId"])
        assert ben.post("/reviews", body(event["eventId"], rating=4))[0] == 201
        assert nobody.get(f"/reviews/{event['eventId']}")[1]["average"] == 4
        settle()
        assert nobody.get(f"/events/{event['eventId']}")[1]["rating"] == {"average": 4, "count": 1}


class TestAnswering:
    def test_an_answer_is_read_by_all(self, ada, ben, nobody, event_id):
        _, written = ben.post("/reviews", body(event_id))
        status, answered = ada.post(f"/reviews/{written['reviewId']}/answer", {"comment": "Come again!"})
        assert (status, answered["answer"]["comment"]) == (200, "Come again!")
        assert answered == {**written, "answer": {**answered["answer"]}}
        assert answered["answer"]["date"] >= written["date"]
        assert nobody.get(f"/reviews/{event_id}")[1]["items"] == [answered]

    def test_each_refusal_has_its_name(self, ada, ben, cy, event_id):
        path = f"/reviews/{ben.post('/reviews', body(event_id))[1]['reviewId']}/answer"
        ada.post(path, {"comment": "Come again!"})
        nowhere = f"/reviews/{new_id()}/answer"
        answers = [
            who.post(where, {"comment": "?"})
            for who, where in ((cy, path), (ben, path), (ada, nowhere), (ada, path))
        ]
        assert [(status, problem["code"]) for status, problem in answers] == [
            (404, "not_found"), (404, "not_found"), (404, "not_found"), (409, "already_answered"),
        ]  # fmt: skip

    @pytest.mark.parametrize("field", WRONG_ANSWERS)
    def test_a_wrong_field_is_named(self, ada, field):
        path = f"/reviews/{reviewed(over(organizerId=str(ada.user_id))).review_id}/answer"
        for value in WRONG_ANSWERS[field]:
            assert refused(ada.post(path, {"comment": "Thanks", field: value}), field)
        assert Review.objects.get().answer is None


class TestWhoMayLook:
    @pytest.mark.parametrize("path", ["/reviews", "/reviews/0198c5a0-0000-7000-8000-000000000050/answer"])
    @pytest.mark.parametrize(("header", "code"), [("", "not_signed_in"), ("Bearer x", "invalid_token")])
    def test_writing_needs_a_token(self, nobody, path, header, code):
        status, problem = nobody.post(path, {}, Authorization=header)
        assert (status, problem["code"]) == (401, code)

    def test_reading_needs_none_but_a_bad_one_is_refused(self, nobody, ben, event_id):
        for path in (f"/reviews/{event_id}", f"/reviews/user/{ben.user_id}"):
            assert nobody.get(path)[0] == ben.get(path)[0] == 200
            status, problem = nobody.get(path, Authorization="Bearer nonsense")
            assert (status, problem["code"]) == (401, "invalid_token")

    @pytest.mark.parametrize("path", ["/reviews/1", "/reviews/user/ben", "/reviews/user/", "/reviews/"])
    def test_what_is_not_there_is_404(self, ben, path):
        status, problem = ben.get(path)
        assert (status, problem["code"]) == (404, "not_found")

    @pytest.mark.parametrize(
        ("method", "path"), [("GET", "/reviews"), ("PUT", "/reviews/0198c5a0-0000-7000-8000-000000000050")]
    )
    def test_what_may_not_be_done_here_is_said(self, ben, method, path):
        status, problem = ben.call(method, path, {})
        assert (status, problem["code"]) == (405, "method_not_allowed")


class TestQuery:
    @pytest.mark.parametrize(
        ("field", "values"),
        [("limit", ["0", "101", "x"]), ("sort", ["oldest", "", "rating"]), ("cursor", ["x" * 501, "%C3%A9"])],
    )
    def test_a_wrong_parameter_is_named(self, nobody, event_id, field, values):
        for value in values:
            assert refused(nobody.get(f"/reviews/{event_id}?{field}={value}"), field)

    def test_an_unknown_parameter_is_named(self, nobody, event_id):
        for path in (f"/reviews/{event_id}?order=x", f"/reviews/user/{new_id()}?sort=newest"):
            status, problem = nobody.get(path)
            assert (status, problem["code"]) == (422, "invalid_request")

    def test_a_cursor_of_another_order_is_refused(self, nobody, event_id):
        for _ in range(2):
            reviewed(UUID(event_id))
        cursor = nobody.get(f"/reviews/{event_id}?limit=1")[1]["nextCursor"]
        assert nobody.get(f"/reviews/{event_id}?cursor={cursor}")[0] == 200
        status, problem = nobody.get(f"/reviews/{event_id}?cursor={cursor}&sort=highest")
        assert (status, problem["code"]) == (422, "invalid_cursor")
