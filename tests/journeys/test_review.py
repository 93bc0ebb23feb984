"""What follows an event: those who were there say how it was, and all others find it by that."""

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from tests.journeys.traveller import eventually, soon_over


def test_an_event_is_attended_reviewed_answered_and_found_by_its_rating(ada, ben, cy):
    word = f"w{secrets.token_hex(6)}"
    times = soon_over()
    dull, good = (ada.lists(title=f"{name} {word}", price=0, **times) for name in ("Dull", "Good"))
    for person in (ben, cy):
        assert person.books(dull)[0] == person.books(good)[0] == 201

    def review(person, event, rating):
        return person.call(
            "POST", "/reviews", {"eventId": event["eventId"], "rating": rating, "comment": f"{rating} of 5"}
        )

    assert review(ben, good, 5)[1]["code"] == "event_not_over"
    eventually(lambda: review(ada, good, 5)[1]["code"], "not_an_attendee")
    status, written = review(ben, good, 5)
    assert (status, written["userId"], written["answer"]) == (201, ben.user_id, None)
    assert review(ben, good, 1)[1]["code"] == "already_reviewed"
    assert [review(cy, good, 4)[0], review(ben, dull, 2)[0]] == [201, 201]

    answer = f"/reviews/{written['reviewId']}/answer"
    assert ben.call("POST", answer, {"comment": "Me again."})[0] == 404
    assert ada.call("POST", answer, {"comment": "Thank you!"})[1]["answer"]["comment"] == "Thank you!"
    assert ada.call("POST", answer, {"comment": "Thanks!"})[1]["code"] == "already_answered"

    _, found = cy.call("GET", f"/reviews/{good['eventId']}?sort=highest")
    assert [item["comment"] for item in found["items"]] == ["5 of 5", "4 of 5"]
    assert (found["average"], found["count"]) == (4.5, 2)
    assert found["histogram"] == {"1": 0, "2": 0, "3": 0, "4": 1, "5": 1}
    assert len(cy.call("GET", f"/reviews/user/{ben.user_id}")[1]["items"]) == 2

    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    best = "/events?" + urlencode({"q": word, "sort": "rating", "from": yesterday})
    eventually(
        lambda: [(item["title"].split()[0], item["rating"]) for item in ben.call("GET", best)[1]["items"]],
        [("Good", {"average": 4.5, "count": 2}), ("Dull", {"average": 2, "count": 1})],
    )
