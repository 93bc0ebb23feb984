"""Who may do what. A route without a row fails, and so does a row without a route (test_matrix.py).

To add a route: add its row, in its block; if it takes a body, what it is sent, in BODIES. Ids are Ben's and
Ada's: he is the attendee, she the organiser; a draft, a hold, an event that is over have names of their own
(ALIASES). `in` is a redirect to the sign-in.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from tests.cast import event_body
from tests.security import routes
from tests.security.scene import FORM, ROLES, SERVICE, Scene

ALIASES = {
    "draftId": "eventId", "overId": "eventId", "heldId": "bookingId", "myId": "userId", "document": "service",
}  # fmt: skip
TABLE = """
                                            nobody stranger attendee other organiser administrator

POST /register                                 201   201   201   201   201   201
POST /login                                    401   401   401   401   401   401
POST /token/refresh                            401   401   401   401   401   401
POST /logout                                   401   401   401   401   401   401
POST /logout/everywhere                        401   204   204   204   204   204
GET /profile                                   401   200   200   200   200   200
PUT /profile                                   401   200   200   200   200   200
PUT /profile/password                          401   403   403   403   403   403
DELETE /profile                                401   403   403   403   403   403
GET /profile/export                            401   200   200   200   200   200
POST /password/forgotten                       202   202   202   202   202   202
POST /password/reset                           410   410   410   410   410   410
POST /email/confirm                            410   410   410   410   410   410
POST /profile/email/confirmation               401   202   202   202   202   202
POST /profile/two-factor                       401   403   403   403   403   403
POST /profile/two-factor/confirm               401   409   409   409   409   409
DELETE /profile/two-factor                     401   403   403   403   403   403
POST /profile/two-factor/recovery-codes        401   403   403   403   403   403
GET /.well-known/jwks.json                     200   200   200   200   200   200

POST /events                                   401   201   201   201   201   201
GET /events                                    200   200   200   200   200   200
GET /events?organizerId={adaId}&status=draft   200   200   200   200   200   200
GET /events/facets                             200   200   200   200   200   200
GET /events/{eventId}                          200   200   200   200   200   200
GET /events/{draftId}                          404   404   404   404   200   404
PUT /events/{eventId}                          401   404   404   404   200   404
PUT /events/{draftId}                          401   404   404   404   200   404
DELETE /events/{eventId}                       401   404   404   404   204   404
DELETE /events/{draftId}                       401   404   404   404   204   404
PUT /events/{eventId}/cover                    401   404   404   404   200   404
DELETE /events/{eventId}/cover                 401   404   404   404   200   404
GET /events/{eventId}/cover/{digest}-{size}.jpg 200  200   200   200   200   200

POST /bookings                                 401   201   201   201   201   201
GET /bookings                                  401   200   200   200   200   200
GET /bookings?eventId={eventId}                401   200   200   200   200   200
GET /bookings/{bookingId}                      401   404   200   404   404   404
DELETE /bookings/{bookingId}                   401   404   200   404   404   404
DELETE /bookings/{heldId}                      401   404   200   404   404   404
GET /bookings/events/{eventId}                 401   404   404   404   200   404
GET /bookings/events/{eventId}/sales           401   404   404   404   200   404
GET /bookings/sales                            401   200   200   200   200   200
GET /bookings/findings                         401   200   200   200   200   200
GET /bookings/findings?eventId={eventId}       401   200   200   200   200   200

POST /payments                                 401   404   201   404   404   404
GET /payments                                  401   200   200   200   200   200
GET /payments?bookingId={bookingId}            401   200   200   200   200   200
GET /payments?eventId={eventId}                401   200   200   200   200   200
GET /payments/methods                          200   200   200   200   200   200
GET /payments/totals                           401   200   200   200   200   200
GET /payments/totals?eventId={eventId}         401   200   200   200   200   200
GET /payments/findings                         401   200   200   200   200   200
GET /payments/findings?eventId={eventId}       401   200   200   200   200   200
GET /payments/{paymentId}                      401   404   200   404   200   404
POST /refunds                                  401   404   404   404   201   404
GET /sandbox/{reference}                       200   200   200   200   200   200
POST /sandbox/{reference}                      302   302   302   302   302   302

GET /stripe/{signed}                           404   404   404   404   404   404
POST /stripe/{signed}                          404   404   404   404   404   404
POST /webhooks/stripe                          400   400   400   400   400   400

POST /notifications                            401   403   403   403   202   202
GET /notifications/{userId}                    401   404   200   404   404   404
GET /notifications/{userId}/unread             401   404   200   404   404   404
POST /notifications/{userId}/read              401   404   204   404   404   404
GET /notifications/{userId}/preferences        401   404   200   404   404   404
PUT /notifications/{userId}/preferences        401   404   200   404   404   404

POST /reviews                                  401   403   201   409   403   403
GET /reviews/{eventId}                         200   200   200   200   200   200
GET /reviews/{draftId}                         404   404   404   404   404   404
GET /reviews/user/{userId}                     200   200   200   200   200   200
POST /reviews/{reviewId}/answer                401   404   404   404   200   404

GET /healthz                                   200   200   200   200   200   200
GET /readyz                                    200   200   200   200   200   200
GET /metrics                                   404   404   404   404   404   404
GET /docs                                      200   200   200   200   200   200
GET /docs/{service}                            200   200   200   200   200   200
GET /openapi/{service}.json                    200   200   200   200   200   200

GET /                                          200   200   200   200   200   200
GET /found                                     200   200   200   200   200   200
GET /sitemap.xml                               200   200   200   200   200   200
GET /robots.txt                                200   200   200   200   200   200
GET /styleguide                                200   200   200   200   200   200
GET /styleguide/{status}                       404   404   404   404   404   404
GET /signin                                    200   303   303   303   303   303
POST /signin                                   401   303   303   303   303   303
GET /signin/code                               in   in   in   in   in   in
POST /signin/code                              401   in   in   in   in   in
GET /signin/forgotten                          200   200   200   200   200   200
POST /signin/forgotten                         200   200   200   200   200   200
GET /signin/new-password                       200   200   200   200   200   200
POST /signin/new-password                      410   410   410   410   410   410
GET /signup                                    200   303   303   303   303   303
POST /signup                                   422   303   303   303   303   303
POST /signout                                  303   303   303   303   303   303
POST /language                                 303   303   303   303   303   303
GET /account                                   in    200   200   200   200   200
POST /account                                  in    422   422   422   422   422
GET /account/confirm                           200   200   200   200   200   200
POST /account/confirm                          410   410   410   410   410   410
POST /account/confirm-anew                     in   303   303   303   303   303
GET /account/two-factor                        in   200   200   200   200   200
POST /account/two-factor                       in   403   403   403   403   403
GET /account/data                              in   200   200   200   200   200
GET /account/delete                            in   200   200   200   200   200
POST /account/delete                           in   403   403   403   403   403
POST /account/signout-everywhere               in    303   303   303   303   303
GET /e/{eventId}                               301   301   301   301   301   301
GET /e/{eventId}/{name}                        200   200   200   200   200   200
GET /e/{draftId}                               404   404   404   404   301   404
GET /e/{draftId}/{name}                        404   404   404   404   301   404
GET /e/{eventId}/left                          200   200   200   200   200   200
GET /e/{draftId}/left                          404   404   404   404   200   404
GET /e/{eventId}/reviews                       200   200   200   200   200   200
GET /e/{eventId}/calendar.ics                  200   200   200   200   200   200
GET /e/{draftId}/calendar.ics                  404   404   404   404   200   404
GET /e/{eventId}/checkout?{ticketTypeId}=1     200   200   200   200   200   200
GET /e/{draftId}/checkout?{ticketTypeId}=1     404   404   404   404   303   404
GET /e/{eventId}/book                          303   303   303   303   303   303
POST /e/{eventId}/book                         303   303   303   303   303   303
POST /e/{draftId}/book                         303   404   404   404   404   404
GET /e/{overId}/review                         in    200   200   200   200   200
POST /e/{overId}/review                        in    403   303   409   403   403
GET /my/bookings                               in    200   200   200   200   200
GET /my/bookings/{bookingId}                   in    404   200   404   404   404
GET /my/bookings/{bookingId}/pay               in    303   303   303   303   303
POST /my/bookings/{heldId}/pay                 in    404   303   404   404   404
GET /my/bookings/{bookingId}/cancel            in    404   200   404   404   404
POST /my/bookings/{bookingId}/cancel           in    404   303   404   404   404
GET /my/notifications                          in    200   200   200   200   200
POST /my/notifications/read                    in    303   303   303   303   303
GET /my/notifications/{notificationId}         in    303   303   303   303   303
GET /my/reviews                                in    200   200   200   200   200
GET /organize                                  in    200   200   200   200   200
GET /organize?show=drafts                      in    200   200   200   200   200
GET /organize/new                              in    200   200   200   200   200
GET /organize/new?from={draftId}               in    404   404   404   200   404
POST /organize/new                             in    422   422   422   422   422
POST /organize/preview                         in    200   200   200   200   200
GET /organize/{eventId}                        in    404   404   404   200   404
GET /organize/{draftId}                        in    404   404   404   200   404
GET /organize/{eventId}/edit                   in    404   404   404   200   404
POST /organize/{eventId}/edit                  in    404   404   404   422   404
POST /organize/{draftId}/publish               in    404   404   404   303   404
GET /organize/{eventId}/people                 in    404   404   404   200   404
GET /organize/{eventId}/people.csv             in    404   404   404   200   404
GET /organize/{eventId}/bookings/{bookingId}   in    404   404   404   200   404
POST /organize/{eventId}/bookings/{bookingId}  in    404   404   404   303   404
GET /organize/{eventId}/message                in    404   404   404   200   404
POST /organize/{eventId}/message               in    404   404   404   303   404
GET /organize/{eventId}/reviews                in    404   404   404   200   404
POST /organize/{overId}/reviews                in    404   404   404   303   404
GET /organize/{eventId}/cancel                 in    404   404   404   200   404
POST /organize/{eventId}/cancel                in    404   404   404   422   404

                                            nobody stranger attendee other organiser administrator service

GET /internal/readyz                           404   404   404   404   404   404   200
GET /internal/users/{userId}                   404   404   404   404   404   404   200
GET /internal/export/events/{userId}           404   404   404   404   404   404   200
GET /internal/export/bookings/{userId}         404   404   404   404   404   404   200
GET /internal/export/payments/{userId}         404   404   404   404   404   404   200
GET /internal/export/notifications/{userId}    404   404   404   404   404   404   200
GET /internal/export/reviews/{userId}          404   404   404   404   404   404   200
GET /internal/leaving/bookings/{userId}        404   404   404   404   404   404   200
GET /internal/leaving/payments/{userId}        404   404   404   404   404   404   200
POST /internal/leaving/events/{userId}         404   404   404   404   404   404   200
POST /internal/booked                          404   404   404   404   404   404   200
POST /internal/links/{linkId}                  404   404   404   404   404   404   200
POST /internal/people                          404   404   404   404   404   404   200
GET /internal/administrators/{userId}          404   404   404   404   404   404   200
GET /internal/events/{eventId}                 404   404   404   404   404   404   200
POST /internal/bookings/{heldId}/due           404   404   404   404   404   404   200
POST /internal/dues                            404   404   404   404   404   404   200
GET /internal/holders/{eventId}                404   404   404   404   404   404   200
POST /internal/standings                       404   404   404   404   404   404   200
GET /internal/attendance/{eventId}/{userId}    404   404   404   404   404   404   200
POST /internal/stock/{eventId}                 404   404   404   404   404   404   204
PUT /internal/stock/{eventId}                  404   404   404   404   404   404   200
"""
SECRET = "a password of nobody's"
BODIES: dict[str, Any] = {
    "POST /register": {"username": "fay", "email": "fay@example.org", "password": SECRET},
    "POST /login": {"username": "attendee", "password": SECRET},
    "POST /token/refresh": {"refreshToken": "guessed"},
    "POST /logout": {"refreshToken": "guessed"},
    "PUT /profile": {"profileInfo": {"displayName": "Somebody"}},
    "PUT /profile/password": {"currentPassword": SECRET, "newPassword": "another password"},
    "DELETE /profile": {"password": SECRET},
    "POST /password/forgotten": {"email": "fay@example.org"},
    "POST /password/reset": {"token": "guessed", "newPassword": "another password"},
    "POST /email/confirm": {"token": "guessed"},
    "POST /profile/two-factor": {"password": SECRET},
    "POST /profile/two-factor/confirm": {"code": "123456"},
    "DELETE /profile/two-factor": {"password": SECRET, "code": "123456"},
    "POST /profile/two-factor/recovery-codes": {"password": SECRET, "code": "123456"},
    "POST /events": event_body(),
    "PUT /events/{eventId}": {"title": "Taken over"},
    "PUT /events/{eventId}/cover": FORM,
    "POST /bookings": {"eventId": "{eventId}"},
    "POST /payments": {"bookingId": "{heldId}", "paymentMethod": "pm_card_visa"},
    "POST /refunds": {"paymentId": "{paymentId}"},
    "POST /sandbox/{reference}": (urlencode({"answer": "confirm"}), "application/x-www-form-urlencoded"),
    "POST /webhooks/stripe": {"id": "evt_forged", "type": "payment_intent.succeeded"},
    "POST /notifications": {"eventId": "{eventId}", "message": "The doors open at seven."},
    "POST /notifications/{userId}/read": {},
    "PUT /notifications/{userId}/preferences": {"mail": {"booking_held": False}},
    "POST /reviews": {"eventId": "{overId}", "rating": 4, "comment": "Again!"},
    "POST /reviews/{reviewId}/answer": {"comment": "Thank you."},
    "POST /internal/people": {"userIds": ["{userId}"]},
    "POST /internal/bookings/{bookingId}/due": {"userId": "{userId}"},
    "POST /internal/dues": {"items": [{"bookingId": "{heldId}", "userId": "{userId}"}]},
    "POST /internal/standings": {"bookingIds": ["{bookingId}"]},
    "POST /internal/stock/{eventId}": lambda scene: scene.ask(SERVICE, "GET /internal/events/{eventId}").json(),
    "PUT /internal/stock/{eventId}": {
        "capacity": None, "ticketTypes": [{"ticketTypeId": "{ticketTypeId}", "capacity": 20}],
    },
    "POST /signin": {"login": "attendee", "password": SECRET},
    "POST /signin/code": {"challenge": "guessed", "code": "123456"},
    "POST /signin/forgotten": {"email": "fay@example.org"},
    "POST /signin/new-password": {"token": "guessed", "new": "another password"},
    "POST /account/confirm": {"token": "guessed"},
    "POST /account/delete": {"password": SECRET},
    "POST /account/two-factor": {"form": "begin", "password": SECRET},
    "POST /internal/booked": {"eventIds": ["{eventId}"]},
    "POST /internal/leaving/events/{userId}": {"held": ["{eventId}"]},
    "POST /account": {"form": "password", "current": SECRET},
    "POST /e/{eventId}/book": {"{ticketTypeId}": "1"},
    "POST /e/{eventId}/review": {"rating": "4", "comment": "Again!"},
    "POST /my/bookings/{bookingId}/pay": {"card": "pm_card_visa"},
    "POST /organize/{eventId}/bookings/{bookingId}": {"payment": "{paymentId}", "how": "full", "known": "0"},
    "POST /organize/{eventId}/message": {"subject": "Doors", "message": "They open at seven."},
    "POST /organize/{eventId}/reviews": {"review": "{reviewId}", "{reviewId}-comment": "Thank you."},
}  # fmt: skip
Row = dict[str, str]  # by role, what is answered


def rows() -> dict[str, Row]:
    """What each call answers to each role. Raises ValueError for a line that says too much or too little."""
    found: dict[str, Row] = {}
    roles: tuple[str, ...] = ()
    for line in filter(None, map(str.strip, TABLE.splitlines())):
        words = line.split()
        if words[0] == ROLES[0]:
            roles = tuple(words)
            continue
        call = " ".join(words[:2])
        if call in found:
            raise ValueError(f"{call} stands twice")
        found[call] = dict(zip(roles, words[2:], strict=True))
    return found


def route_of(call: str) -> str:
    """The route that a row is about: without its question, and by the name that the route has for an id."""
    route = call.partition("?")[0]
    for alias, name in ALIASES.items():
        route = route.replace("{" + alias + "}", "{" + name + "}")
    return route


def answered(scene: Scene, call: str, row: Row) -> Row:
    """What everybody of a row is answered."""
    return {role: said(scene.ask(role, call, body(scene, call))) for role in row}


def said(answer: Any) -> str:
    """An answer as a row tells it."""
    to = answer.get("Location", "")
    return "in" if to.partition("?")[0] == "/signin" else str(answer.status_code)


def body(scene: Scene, call: str) -> Any:
    """What is sent with a call, of the scene's ids."""
    found = BODIES.get(route_of(call))
    if isinstance(found, Callable):  # type: ignore[arg-type]
        return found(scene)
    if isinstance(found, Mapping):
        return json.loads(_with_ids(json.dumps(found), scene.ids))
    return found


def _with_ids(text: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace("{" + name + "}", value)
    return text


def routes_of(scene: Scene) -> set[str]:
    """Every route of the product but those of the admin."""
    return routes.calls(scene.ids)
