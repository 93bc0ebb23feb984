"""The scene of the matrix: Ada organises, Ben came, Cy is a stranger, Dee organises elsewhere, Eve is an administrator."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import caches
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from PIL import Image

from frontrow.chassis.middleware import INTERNAL_HEADER
from frontrow.services.reviews.models import Event as ReviewedEvent
from frontrow.services.users.models import Link, User
from frontrow.web import session
from tests.cast import Actor, settle
from tests.security import routes

ROLES = ("nobody", "stranger", "attendee", "other", "organiser", "administrator")
SERVICE = "service"  # another of ours, for what is only among ourselves
PAYS, ASKS_THE_BANK = "pm_card_visa", "pm_card_authenticationRequired"
HERE = {"Origin": "http://testserver", "Accept": "text/html,*/*;q=0.8"}


@dataclass
class Scene:
    """Who is there, and the ids of what they made, by the names that routes have for them."""

    cast: dict[str, Actor]
    ids: dict[str, str] = field(default_factory=dict)

    def ask(self, role: str, call: str, body: Any = None, **ids: str) -> HttpResponse:
        """What a role is answered to a call; nothing of it stays."""
        method, _, path = call.partition(" ")
        address = routes.filled(path, self.ids | ids)
        with undone():
            asked = self._page if routes.is_page(address) else self._api
            answer = asked(role, method, address, body)
            return _whole(answer) if answer.streaming else answer

    def _api(self, role: str, method: str, address: str, body: Any) -> HttpResponse:
        headers = {}
        if role == SERVICE:
            headers[INTERNAL_HEADER] = settings.ENVIRONMENT.derived_secret("internal")
        elif role != "nobody":
            headers["Authorization"] = f"Bearer {self.cast[role].token}"
        content, kind = body if isinstance(body, tuple) else (json.dumps(body), "application/json")
        return _client().generic(method, address, "" if body is None else content, kind, headers=headers)

    def _page(self, role: str, method: str, address: str, form: Any) -> HttpResponse:
        browser = _client()
        if role in self.cast:
            browser.cookies["frontrow"] = cookie(self.cast[role])
        if method == "GET":
            return browser.get(address, headers=HERE)
        return browser.post(address, form or {}, headers=HERE)


def cookie(actor: Actor) -> str:
    """What the browser of somebody who is signed in holds."""
    tokens = session.Session(str(actor.user_id), actor.token, "used by nobody", time.time() + 900, name="…")
    return session._sealed(tokens)


def scene() -> Scene:
    """Have the cast do whatever a route may be about."""
    cast = {role: Actor(["admin"] if role == "administrator" else []) for role in ROLES[1:]}
    for role, actor in cast.items():
        _registered(role, actor)
    one = Scene(cast)
    _listed(one)
    _booked(one)
    _attended(one)
    _asked_for_a_link(one)
    return one


@contextmanager
def undone() -> Iterator[None]:
    """What happens within is undone, also what memories keep of it."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # the product's own blocks may be the outermost here
    try:
        with block:
            yield
            transaction.set_rollback(True)
    finally:
        for memory in caches.all():
            memory.clear()


def _whole(answer: HttpResponse) -> HttpResponse:
    """A stream, read while what it tells of is there."""
    return HttpResponse(b"".join(answer), status=answer.status_code, headers=answer.headers)


def _client() -> Client:
    """One elsewhere, whom no network of ours knows."""
    return Client(raise_request_exception=False, REMOTE_ADDR="203.0.113.9")


def _registered(role: str, actor: Actor) -> None:
    now = timezone.now()
    User.objects.create(
        user_id=actor.user_id, username=role, email=f"{role}@example.org", password="!", created_at=now,
        updated_at=now, is_admin=role == "administrator",
    )  # fmt: skip


def _asked_for_a_link(one: Scene) -> None:
    ben = one.cast["attendee"]
    assert ben.post("/profile/email/confirmation", None)[0] == 202
    one.ids["linkId"] = str(Link.objects.get(user_id=ben.user_id).pk)


def _listed(one: Scene) -> None:
    ada = one.cast["organiser"]
    event, free = ada.lists(), ada.lists(price=0)
    draft = ada.lists(status="draft", title="A secret draft")
    one.cast["other"].lists()
    kind = event["ticketTypes"][0]["ticketTypeId"]
    one.ids |= {"eventId": event["eventId"], "draftId": draft["eventId"], "overId": free["eventId"],
                "ticketTypeId": kind, "adaId": str(ada.user_id)}  # fmt: skip
    answer = ada.client.generic(
        "PUT", f"/events/{event['eventId']}/cover", *_form(), headers={"Authorization": f"Bearer {ada.token}"}
    )
    assert answer.status_code == 200, answer.content
    _, _, name = answer.json()["cover"]["large"].rpartition("/")
    digest, _, size = name.removesuffix(".jpg").rpartition("-")
    one.ids |= {"digest": digest, "size": size}


def _form() -> tuple[bytes, str]:
    """A cover, as a form."""
    file = BytesIO()
    Image.linear_gradient("L").resize((1600, 900)).save(file, "JPEG")
    head = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return head + file.getvalue() + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"


FORM = _form()


def _booked(one: Scene) -> None:
    ben, event = one.cast["attendee"], {"eventId": one.ids["eventId"]}
    paid, waits, held = (ben.books(event) for _ in range(3))
    payment = _pays(ben, paid, PAYS)
    action = _pays(ben, waits, ASKS_THE_BANK)["nextAction"]["url"]
    settle()
    _, told = ben.get(f"/notifications/{ben.user_id}")
    one.ids |= {
        "bookingId": paid["bookingId"], "heldId": held["bookingId"], "paymentId": payment["paymentId"],
        "userId": str(ben.user_id), "notificationId": told["items"][0]["notificationId"],
        "reference": urlsplit(action).path.rpartition("/")[2],
        "name": "an-evening-with-clara", "status": "404", "service": "users", "signed": f"{payment['paymentId']}:guessed",
    }  # fmt: skip


def _pays(who: Actor, booking: dict[str, Any], card: str) -> dict[str, Any]:
    status, paid = who.post("/payments", {"bookingId": booking["bookingId"], "paymentMethod": card})
    assert status == 201, paid
    return paid


def _attended(one: Scene) -> None:
    """Two came to what is over; one of them has reviewed it."""
    over = {"eventId": one.ids["overId"]}
    for role in ("attendee", "other"):
        one.cast[role].books(over)
    settle()
    ReviewedEvent.objects.filter(pk=over["eventId"]).update(end_date=timezone.now() - timedelta(days=1))
    status, review = one.cast["other"].post("/reviews", {**over, "rating": 5, "comment": "Encore!"})
    assert status == 201, review
    one.ids["reviewId"] = review["reviewId"]
