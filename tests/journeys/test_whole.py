"""One person's whole journey, and everybody's whom they meet: all that Frontrow is for, by its address alone."""

import httpx
import pytest

from tests.journeys.traveller import PASSWORD, Traveller, eventually, soon_over


def pay(person: Traveller, booking: dict, method: str = "pm_card_visa", **headers: str):
    body = {"bookingId": booking["bookingId"], "paymentMethod": method}
    return person.call("POST", "/payments", body, **headers)


def status_of(person: Traveller, booking: dict) -> str:
    return person.call("GET", f"/bookings/{booking['bookingId']}")[1]["status"]


def paid(person: Traveller, event: dict, quantity: int = 1) -> tuple[dict, dict]:
    """A ticket, and the payment that made it one."""
    _, booking = person.books(event, quantity)
    status, payment = pay(person, booking)
    assert (status, payment["status"]) == (201, "succeeded")
    eventually(lambda: status_of(person, booking), "confirmed")
    return booking, payment


def told(person: Traveller, kind: str) -> list[str]:
    """What a person was told of a kind, the newest first."""
    status, page = person.call("GET", f"/notifications/{person.user_id}?kind={kind}")
    assert status == 200
    return [item["message"] for item in page["items"]]


def left(person: Traveller, event: dict) -> int:
    return person.call("GET", f"/events/{event['eventId']}")[1]["availability"]


def payment_status(person: Traveller, payment: dict) -> tuple[str, int]:
    found = person.call("GET", f"/payments/{payment['paymentId']}")[1]
    return found["status"], found["refundedAmount"]


def test_from_the_first_look_to_the_ticket(address, ada, ben, cy):
    event = ada.lists(title=f"Proms {ada.username}", capacity=5)
    eventually(lambda: len(told(ben, "user_registered")), 1)

    listed = httpx.get(f"{address}/events", params={"organizerId": ada.user_id}).json()["items"]
    assert [item["eventId"] for item in listed] == [event["eventId"]]
    found = httpx.get(f"{address}/events", params={"q": f"proms {ada.username}"}).json()["items"]
    assert [item["eventId"] for item in found] == [event["eventId"]]

    status, booking = ben.books(event, 2)
    assert (status, booking["status"], booking["amount"]) == (201, "held", 9800)
    eventually(lambda: len(told(ben, "booking_held")), 1)
    eventually(lambda: left(ben, event), 3)

    status, problem = pay(ben, booking, "pm_card_chargeDeclined")
    assert (status, problem["code"]) == (402, "payment_declined")
    eventually(lambda: len(told(ben, "payment_failed")), 1)
    assert status_of(ben, booking) == "held"

    status, payment = pay(ben, booking)
    assert (status, payment["status"], payment["amount"], payment["currency"]) == (
        201,
        "succeeded",
        9800,
        "EUR",
    )
    assert ben.call("GET", f"/payments/{payment['paymentId']}")[1] == {**payment, "refunds": []}
    eventually(lambda: status_of(ben, booking), "confirmed")
    eventually(lambda: len(told(ben, "booking_confirmed")), 1)
    assert event["title"] in told(ben, "booking_confirmed")[0]
    assert pay(ben, booking)[1]["code"] == "nothing_due"

    for path in (f"/bookings/{booking['bookingId']}", f"/payments/{payment['paymentId']}",
                 f"/notifications/{ben.user_id}"):  # fmt: skip
        assert cy.call("GET", path)[0] == 404
    assert cy.call("DELETE", f"/bookings/{booking['bookingId']}")[0] == 404
    assert pay(cy, booking)[0] == 404
    assert cy.call("POST", "/refunds", {"paymentId": payment["paymentId"]})[0] == 404
    assert ben.call("POST", "/refunds", {"paymentId": payment["paymentId"]})[0] == 404

    status, cancelled = ben.call("DELETE", f"/bookings/{booking['bookingId']}")
    assert (status, cancelled["status"]) == (200, "cancelled")
    eventually(lambda: payment_status(ben, payment), ("refunded", 9800))
    eventually(lambda: left(ben, event), 5)
    eventually(lambda: (len(told(ben, "booking_cancelled")), len(told(ben, "refund_succeeded"))), (1, 1))


def test_what_an_organizer_does_for_those_who_come(ada, ben, cy):
    event = ada.lists(capacity=5)
    booking, payment = paid(ben, event, 2)
    other, others = paid(cy, event)

    refund = {"paymentId": payment["paymentId"], "amount": 900, "reason": "The bar is closed."}
    status, made = ada.call("POST", "/refunds", refund, **{"Idempotency-Key": "bar"})
    assert (status, made["amount"], made["status"]) == (201, 900, "succeeded")
    assert ada.call("POST", "/refunds", refund, **{"Idempotency-Key": "bar"})[1] == made
    eventually(lambda: payment_status(ben, payment), ("partially_refunded", 900))
    eventually(lambda: "The bar is closed." in "".join(told(ben, "refund_succeeded")), True)
    assert status_of(ben, booking) == "confirmed"

    word = {"eventId": event["eventId"], "subject": "Doors", "message": "Doors open at seven."}
    assert cy.call("POST", "/notifications", word)[0] == 403
    assert ada.call("POST", "/notifications", word)[0] == 202
    for person in (ben, cy):
        eventually(lambda person=person: ["seven" in m for m in told(person, "organizer_message")], [True])

    year = int(event["date"][:4])
    moved = {"date": f"{year}-07-02T19:30:00+02:00", "endDate": f"{year}-07-02T23:00:00+02:00"}
    assert ada.call("PUT", f"/events/{event['eventId']}", moved)[0] == 200
    eventually(lambda: len(told(ben, "event_changed")), 1)

    assert ada.call("DELETE", f"/events/{event['eventId']}")[0] == 204
    for person, theirs, money in ((ben, booking, payment), (cy, other, others)):
        eventually(lambda p=person, b=theirs: status_of(p, b), "cancelled")
        eventually(lambda p=person, m=money: payment_status(p, m), ("refunded", money["amount"]))
        eventually(lambda p=person: len(told(p, "event_cancelled")), 1)
        eventually(lambda p=person: len(told(p, "refund_succeeded")) >= 1, True)
    assert ada.call("POST", "/refunds", {"paymentId": payment["paymentId"]})[1]["code"] == "already_refunded"


def test_a_full_refund_by_the_organizer_cancels_the_booking(ada, ben):
    event = ada.lists(capacity=1)
    booking, payment = paid(ben, event)
    assert ada.call("POST", "/refunds", {"paymentId": payment["paymentId"]})[1]["amount"] == 4900
    eventually(lambda: status_of(ben, booking), "cancelled")
    eventually(lambda: left(ben, event), 1)


def test_a_payment_is_confirmed_at_the_bank(ada, ben):
    _, booking = ben.books(ada.lists())
    status, payment = pay(ben, booking, "pm_card_authenticationRequired")
    assert (status, payment["status"]) == (201, "requires_action")
    page = httpx.get(payment["nextAction"]["url"])
    assert (page.status_code, "€49" in page.text) == (200, True)
    assert httpx.post(payment["nextAction"]["url"], data={"answer": "confirm"}).status_code == 302
    eventually(lambda: status_of(ben, booking), "confirmed")


@pytest.mark.parametrize(
    ("method", "status", "booked"),
    [("pm_card_timeoutAfterCharge", "succeeded", "confirmed"), ("pm_card_noAnswer", "failed", "held")],
)
def test_a_bank_that_does_not_answer_is_asked_until_it_is_known(ada, ben, method, status, booked):
    _, booking = ben.books(ada.lists())
    first, payment = pay(ben, booking, method)
    assert (first, payment["status"]) == (202, "processing")
    eventually(lambda: payment_status(ben, payment)[0], status)
    eventually(lambda: status_of(ben, booking), booked)


def test_a_free_event_is_attended_and_reviewed_once(ada, ben, cy):
    event = ada.lists(price=0, **soon_over())
    status, booking = ben.books(event)
    assert (status, booking["status"]) == (201, "confirmed")
    review = {"eventId": event["eventId"], "rating": 5, "comment": "Worth every cent."}
    assert ben.call("POST", "/reviews", review)[1]["code"] == "event_not_over"
    eventually(lambda: cy.call("POST", "/reviews", review)[1]["code"], "not_an_attendee")
    assert ben.call("POST", "/reviews", review)[0] == 201
    assert ben.call("POST", "/reviews", review)[1]["code"] == "already_reviewed"
    rating = {"average": 5, "count": 1}
    eventually(lambda: ben.call("GET", f"/events/{event['eventId']}")[1]["rating"], rating)
    best = f"/events?sort=rating&organizerId={ada.user_id}"
    assert [item["rating"] for item in cy.call("GET", best)[1]["items"]] == [rating]


def test_a_refresh_token_used_twice_ends_its_whole_family(ben):
    first = ben.sign_in()["refreshToken"]
    status, second = ben.call("POST", "/token/refresh", {"refreshToken": first})
    assert status == 200
    assert ben.call("POST", "/token/refresh", {"refreshToken": first})[1]["code"] == "invalid_token"
    assert ben.call("POST", "/token/refresh", {"refreshToken": second["refreshToken"]})[0] == 401
    assert ben.call("POST", "/login", {"username": ben.username, "password": PASSWORD})[0] == 200
