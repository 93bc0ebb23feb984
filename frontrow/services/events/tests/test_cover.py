"""An event's cover at the door: who puts it there, what is refused, and how it is shown."""

import io
import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from frontrow.chassis.models import Outbox
from frontrow.services.events import covering, image
from frontrow.services.events.models import Cover, Event

pytestmark = pytest.mark.django_db


def picture(colour="teal", form="JPEG", size=(640, 360)):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, form)
    return file.getvalue()


def sends(who, event, body, content_type=MULTIPART_CONTENT, **headers):
    answer = who.client.generic(
        "PUT", f"/events/{event['eventId']}/cover", body, content_type,
        headers={"Authorization": f"Bearer {who.token}", **headers},
    )  # fmt: skip
    return answer.status_code, answer.json()


def form(**fields):
    return encode_multipart(BOUNDARY, fields)


def file(content, name="photo.jpg"):
    return SimpleUploadedFile(name, content, "image/jpeg")


def covers(who, event, content=None):
    """Put a cover on an event; the event then."""
    status, after = sends(who, event, form(image=file(content or picture())))
    assert status == 200, after
    return after


def shown(address, **headers):
    return Client().get(address, headers=headers)


def test_a_cover_is_put_on_and_shown_to_anybody_in_two_sizes(ada, nobody):
    event = ada.lists()
    assert event["cover"] is None
    after = covers(ada, event)
    assert {**after, "cover": None, "updatedAt": None} == {**event, "updatedAt": None}
    assert after["updatedAt"] > event["updatedAt"]
    for name, size in (("large", (1600, 900)), ("small", (800, 450))):
        answer = shown(after["cover"][name])
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert Image.open(io.BytesIO(answer.content)).size == size


def test_it_is_seen_at_once_wherever_the_event_is(ada, nobody):
    event = ada.lists()
    path = f"/events/{event['eventId']}"
    assert nobody.get(path)[1]["cover"] is nobody.get("/events")[1]["items"][0]["cover"] is None
    cover = covers(ada, event)["cover"]
    assert nobody.get(path)[1]["cover"] == nobody.get("/events")[1]["items"][0]["cover"] == cover
    assert ada.delete(f"{path}/cover")[1]["cover"] is None
    assert nobody.get(path)[1]["cover"] is nobody.get("/events")[1]["items"][0]["cover"] is None


def test_another_one_replaces_it_and_has_another_address(ada):
    event = ada.lists()
    first, second = (covers(ada, event, picture(colour))["cover"] for colour in ("teal", "gold"))
    assert first["large"] != second["large"]
    assert (shown(first["large"]).status_code, shown(second["large"]).status_code) == (404, 200)
    assert covers(ada, event, picture("gold"))["cover"] == second
    assert Cover.objects.count() == 1


def test_the_same_image_has_another_address_at_another_event(ada):
    one, other = covers(ada, ada.lists())["cover"], covers(ada, ada.lists())["cover"]
    digest = one["large"].rpartition("/")[2]
    assert shown(other["large"].rpartition("/")[0] + "/" + digest).status_code == 404


def test_a_change_of_the_event_leaves_it_there_and_none_is_told_of_it(ada):
    event = ada.lists()
    told = Outbox.objects.count()
    cover = covers(ada, event)["cover"]
    assert Outbox.objects.count() == told
    assert ada.put(f"/events/{event['eventId']}", {"title": "New"})[1]["cover"] == cover


def test_taking_it_off_twice_is_fine(ada):
    event = ada.lists()
    covers(ada, event)
    first = ada.delete(f"/events/{event['eventId']}/cover")
    assert (first[0], first[1]["cover"]) == (200, None)
    assert ada.delete(f"/events/{event['eventId']}/cover") == first
    assert not Cover.objects.exists()


def test_a_drafts_cover_goes_with_it_and_is_seen_by_whoever_knows_its_address(ada):
    draft = ada.lists(status="draft")
    cover = covers(ada, draft)["cover"]
    assert shown(cover["small"]).status_code == 200
    ada.delete(f"/events/{draft['eventId']}")
    assert shown(cover["small"]).status_code == 404
    assert not Cover.objects.exists()


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_only_its_organiser_changes_it(ada, cy, nobody, method):
    event = ada.lists()
    cover = covers(ada, event)["cover"]

    def change(who):
        if method == "PUT":
            return sends(who, event, form(image=file(picture("gold"))))
        return who.delete(f"/events/{event['eventId']}/cover")

    assert (change(cy)[0], change(cy)[1]["code"]) == (404, "not_found")
    assert change(nobody)[0] == 401
    assert ada.get(f"/events/{event['eventId']}")[1]["cover"] == cover


def test_nothing_changes_about_a_cancelled_event_but_its_cover_stays(ada):
    event = ada.lists()
    cover = covers(ada, event)["cover"]
    ada.delete(f"/events/{event['eventId']}")
    for status, problem in (
        sends(ada, event, form(image=file(picture()))),
        ada.delete(f"/events/{event['eventId']}/cover"),
    ):
        assert (status, problem["code"]) == (409, "event_cancelled")
    assert shown(cover["large"]).status_code == 200


@pytest.mark.parametrize(
    "other", ["{}-huge.jpg", "{}-small.png", "-small.jpg", "x-small.jpg", "a%00b-small.jpg", "é-small.jpg"]
)
def test_at_any_other_address_there_is_nothing(ada, other):
    event = covers(ada, ada.lists())
    digest = Event.objects.get().cover_digest
    answer = shown(f"/events/{event['eventId']}/cover/{other.format(digest)}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


BAD_FORMS = {
    "no field": form(),
    "another field": form(photo=file(picture())),
    "words for an image": form(image="photo.jpg"),
    "words besides": form(image=file(picture()), title="x"),
    "two images": form(image=[file(picture()), file(picture())]),
    "nothing": b"",
    "no form": b"photo",
}


@pytest.mark.parametrize("body", BAD_FORMS.values(), ids=BAD_FORMS)
def test_a_form_without_one_image_and_nothing_else_is_refused(ada, body):
    event = ada.lists()
    status, problem = sends(ada, event, body)
    assert (status, problem["code"]) == (422, "invalid_request")
    assert problem["errors"][0]["field"] == "image"


def test_what_is_no_form_is_refused(ada):
    event = ada.lists()
    status, problem = sends(ada, event, picture(), "image/jpeg")
    assert (status, problem["errors"][0]["field"]) == (422, "image")
    status, problem = sends(ada, event, b"x", "multipart/form-data")
    assert (status, problem["code"]) == (400, "bad_request")


def test_an_image_that_is_none_is_refused_by_name_and_the_old_one_stays(ada):
    event = ada.lists()
    cover = covers(ada, event)["cover"]
    status, problem = sends(ada, event, form(image=file(b"<svg/>", "a.svg")))
    assert (status, problem["code"]) == (422, "invalid_image")
    assert ada.get(f"/events/{event['eventId']}")[1]["cover"] == cover


def test_ten_mebibytes_are_taken_and_no_byte_more(ada, monkeypatch):
    event = ada.lists()
    whole = picture() + b"\0" * (image.MOST_BYTES - len(picture()))  # what follows an image is ignored
    assert sends(ada, event, form(image=file(whole)))[0] == 200
    for body in (whole + b"\0", whole * 2):
        status, problem = sends(ada, event, form(image=file(body)))
        assert (status, problem["code"]) == (413, "image_too_large")
    status, problem = sends(ada, event, form(title="x" * 300_000))
    assert (status, problem["code"]) == (413, "body_too_large")


def test_a_stranger_is_refused_before_anything_is_read(ada, cy, monkeypatch):
    monkeypatch.setattr(covering, "InMemory", None)  # whoever reads stumbles
    assert sends(cy, ada.lists(), form(image=file(picture())))[0] == 404


def test_only_so_many_come_in_at_once(ada, monkeypatch):
    event = ada.lists()
    monkeypatch.setattr(covering, "WAIT", 0.01)
    monkeypatch.setattr(covering, "ROOM", threading.BoundedSemaphore(1))
    with covering.ROOM:
        status, problem = sends(ada, event, form(image=file(picture())))
        assert (status, problem["code"]) == (503, "unavailable")
    for body in (b"<svg/>", picture()):  # a refusal gives its room back, too
        sends(ada, event, form(image=file(body)))
    assert covers(ada, event)["cover"]
