"""What a person was told, and what of it is read."""

import pytest

from tests.cast import settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(ada, ben):
    """Ben was told that he holds a place, and that he has a ticket."""
    booking = ben.books(ada.lists())
    settle()
    assert (
        ben.post("/payments", {"bookingId": booking["bookingId"], "paymentMethod": "pm_card_visa"})[0] == 201
    )
    settle()
    return booking


def of(actor):
    return actor.get(f"/notifications/{actor.user_id}")[1]["items"]


def unread(actor):
    return actor.get(f"/notifications/{actor.user_id}/unread")[1]["unread"]


def test_the_newest_comes_first_and_looking_marks_nothing(visit, ben, told):
    browser = visit(ben)
    text = browser.get("/my/notifications").content.decode()
    assert text.index("Your tickets") < text.index("Held for you")
    assert "An evening with Clara" in text
    assert text.count('class="unread"') == 2
    assert "Notifications, 2 unread" in text
    assert unread(ben) == 2


def test_they_speak_the_language_of_the_page(visit, ben, told):
    text = visit(ben, language="de").get("/my/notifications").content.decode()
    assert "Für Sie reserviert: An evening with Clara" in text
    assert "Ihre Buchung ist bestätigt: 1 × Ticket." in text
    assert "Held for you" not in text
    assert "Held for you: An evening with Clara" in visit(ben).get("/my/notifications").content.decode()


def test_opening_one_reads_it_and_leads_to_its_booking(visit, ben, told):
    browser = visit(ben)
    newest = of(ben)[0]
    link = f"/my/notifications/{newest['notificationId']}?to=%2Fmy%2Fbookings%2F{told['bookingId']}"
    assert f'href="{link}"' in browser.get("/my/notifications").content.decode()
    for elsewhere in ({}, {"Referer": "https://evil.example/"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"},
                      {"Sec-Fetch-Site": "same-origin", "Sec-Purpose": "prefetch;prerender"}):  # fmt: skip
        assert browser.get(link, headers=elsewhere)["Location"] == f"/my/bookings/{told['bookingId']}"
        assert unread(ben) == 2, elsewhere
    answer = browser.get(link, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer["Location"] == f"/my/bookings/{told['bookingId']}"
    assert unread(ben) == 1
    browser.get(link.replace(newest["notificationId"], of(ben)[1]["notificationId"]),
                headers={"Referer": "http://testserver/my/notifications"})  # fmt: skip
    assert unread(ben) == 0
    elsewhere = f"/my/notifications/{newest['notificationId']}?to=https://evil.example"
    assert browser.get(elsewhere)["Location"] == "/my/notifications"


def test_one_and_all_are_marked_as_read(visit, ben, told):
    browser = visit(ben)
    one = of(ben)[0]["notificationId"]
    answer = browser.post(
        "/my/notifications/read", {"notification": one, "next": "/my/notifications?unread=1"}
    )
    assert answer["Location"] == "/my/notifications?unread=1"
    text = browser.get("/my/notifications?unread=1").content.decode()
    assert "Held for you" in text
    assert one not in text
    browser.post("/my/notifications/read")
    assert unread(ben) == 0
    assert "Nothing waits for you" in browser.get("/my/notifications?unread=1").content.decode()


def test_an_organisers_words_are_theirs_and_stay_text(visit, ada, ben, told):
    body = {
        "eventId": told["eventId"],
        "subject": "Doors: at seven",
        "message": "<script>alert(1)</script>\nCome!",
    }
    assert ada.post("/notifications", body)[0] == 202
    settle()
    text = visit(ben).get("/my/notifications").content.decode()
    assert "Doors: at seven" in text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_nothing_yet_leads_on(visit, cy):
    assert "Nothing yet" in visit(cy).get("/my/notifications").content.decode()


def test_another_persons_cannot_be_read_away(visit, ben, cy, told):
    visit(cy).get(f"/my/notifications/{of(ben)[0]['notificationId']}")
    visit(cy).post("/my/notifications/read", {"notification": of(ben)[0]["notificationId"]})
    assert unread(ben) == 2
