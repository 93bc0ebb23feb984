"""The HTTP door of events for covers: an image comes in as a form, and goes out as a file."""

import threading
from typing import Any
from uuid import UUID

from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from ninja import Router

from frontrow.chassis import clock
from frontrow.chassis.api import answers
from frontrow.chassis.auth import Organizer, TwoFactorNeeded, person
from frontrow.chassis.refusals import Invalid, InvalidToken, NotFound, NotSignedIn, Unavailable
from frontrow.services.events import cover
from frontrow.services.events.event import EventCancelled
from frontrow.services.events.image import MOST_BYTES, ImageTooLarge, InvalidImage
from frontrow.services.events.shown import EventOut

router = Router()

FIELD = "image"
FORM = {
    "required": True,
    "content": {"multipart/form-data": {"schema": {
        "title": "CoverIn", "type": "object", "additionalProperties": False, "required": [FIELD],
        "properties": {FIELD: {"type": "string", "format": "binary"}},
    }}},
}  # fmt: skip
FOR_EVER = "public, max-age=31536000, immutable"  # the address names the content
MOST_FORM = MOST_BYTES + 16 * 1024  # with what stands around the image
ROOM = threading.BoundedSemaphore(2)  # for images that come in at once, in memory
WAIT = 10.0  # seconds for that room


class InMemory(FileUploadHandler):
    """Keeps one file, in memory: a container has next to no room for temporary ones."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[str] = []
        self.content = bytearray()

    def new_file(self, field_name: str, *facts: Any, **more: Any) -> None:
        self.fields.append(field_name)
        super().new_file(field_name, *facts, **more)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Raises ImageTooLarge as soon as it is."""
        if len(self.content) + len(raw_data) > MOST_BYTES:
            raise ImageTooLarge
        self.content += raw_data

    def file_complete(self, file_size: int) -> None:
        """It is ours already."""


def _options(*refused: Any) -> dict[str, Any]:
    return answers(
        200, EventOut, NotSignedIn, InvalidToken, TwoFactorNeeded, NotFound, EventCancelled, *refused
    )


def _put_options() -> dict[str, Any]:
    options = _options(InvalidImage, ImageTooLarge)
    options["openapi_extra"]["requestBody"] = FORM
    return options


def _file_options() -> dict[str, Any]:
    options = answers(200, None, NotFound)
    options["openapi_extra"]["responses"][200] = {"content": {"image/jpeg": {}}}
    return options


@router.put("/events/{uuid:event_id}/cover", auth=Organizer(), **_put_options())
def put_cover(request: HttpRequest, event_id: UUID) -> Any:
    """Give my event a cover: a JPEG, PNG or WebP of at most 10 MiB. Its middle is shown, 16 to 9."""
    organizer = person(request).user_id
    cover.may_change(event_id, organizer)  # before anything large is read
    if not ROOM.acquire(timeout=WAIT):
        raise Unavailable("Too many images come in at this moment. Try again.")
    try:
        return EventOut.of(cover.put(event_id, organizer, _image(request), clock.now()))
    finally:
        ROOM.release()


@router.delete("/events/{uuid:event_id}/cover", auth=Organizer(), **_options())
def delete_cover(request: HttpRequest, event_id: UUID) -> Any:
    """Take the cover off my event."""
    return EventOut.of(cover.remove(event_id, person(request).user_id, clock.now()))


@router.get("/events/{uuid:event_id}/cover/{digest}-{size}.jpg", auth=None, **_file_options())
def read_cover(request: HttpRequest, event_id: UUID, digest: str, size: str) -> Any:
    """A cover, `large` (1600 × 900) or `small` (800 × 450), from the address that its event tells."""
    answer = HttpResponse(cover.read(event_id, digest, size), content_type="image/jpeg")
    answer["Cache-Control"] = FOR_EVER
    return answer


def _image(request: HttpRequest) -> bytes:
    """The file of a form that has nothing else in it. Raises Invalid, ImageTooLarge."""
    if request.content_type != "multipart/form-data":
        raise Invalid.field(FIELD, "send it as multipart/form-data")
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_FORM:
        raise ImageTooLarge
    kept = InMemory()
    request.upload_handlers = [kept]  # Django itself reads forms that are POSTed only
    words, _ = request.parse_file_upload(request.META, request)
    if kept.fields != [FIELD] or words:
        raise Invalid.field(FIELD, "send one image, and nothing else")
    return bytes(kept.content)
