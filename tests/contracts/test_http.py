"""The OpenAPI documents: what is written down is what is served, and it tells a client all it must know."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from frontrow import urls  # noqa: F401  # they open the doors of all services
from frontrow.chassis.api import DOORS
from frontrow.chassis.refusals import CONTENT_TYPE

FOLDER = Path(__file__).parents[2] / "contracts" / "http"

TABLE = {  # what the design promises, call by call
    "users": [
        "POST /register", "POST /login", "POST /token/refresh", "POST /logout", "POST /logout/everywhere",
        "GET /profile", "PUT /profile", "DELETE /profile", "PUT /profile/password", "GET /profile/export",
        "POST /password/forgotten", "POST /password/reset", "POST /email/confirm",
        "POST /profile/email/confirmation", "POST /profile/two-factor", "POST /profile/two-factor/confirm",
        "DELETE /profile/two-factor", "POST /profile/two-factor/recovery-codes",
        "GET /.well-known/jwks.json",
    ],
    "events": [
        "POST /events", "GET /events", "GET /events/{eventId}", "PUT /events/{eventId}",
        "DELETE /events/{eventId}", "GET /events/facets", "PUT /events/{eventId}/cover",
        "DELETE /events/{eventId}/cover", "GET /events/{eventId}/cover/{digest}-{size}.jpg",
    ],
    "bookings": [
        "POST /bookings", "GET /bookings", "GET /bookings/{bookingId}", "DELETE /bookings/{bookingId}",
        "GET /bookings/events/{eventId}", "GET /bookings/events/{eventId}/sales", "GET /bookings/sales",
        "GET /bookings/findings",
    ],
    "notifications": [
        "POST /notifications", "GET /notifications/{userId}", "POST /notifications/{userId}/read",
        "GET /notifications/{userId}/unread",
        "GET /notifications/{userId}/preferences", "PUT /notifications/{userId}/preferences",
    ],
    "payments": [
        "POST /payments", "GET /payments", "GET /payments/{paymentId}", "GET /payments/methods",
        "GET /payments/totals", "GET /payments/findings", "POST /refunds",
    ],
    "reviews": [
        "POST /reviews", "GET /reviews/{eventId}", "GET /reviews/user/{userId}",
        "POST /reviews/{reviewId}/answer",
    ],
}  # fmt: skip


def written(service: str) -> Any:
    return json.loads((FOLDER / f"{service}.json").read_text())


def operations(service: str) -> list[tuple[str, dict[str, Any]]]:
    """Every operation of a document, with its call: 'GET /events'."""
    paths = written(service)["paths"]
    return [(f"{method.upper()} {path}", o) for path, item in paths.items() for method, o in item.items()]


each_service = pytest.mark.parametrize("service", sorted(DOORS))


def test_each_service_has_a_document_and_no_other_has():
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(f"{name}.json" for name in DOORS)


@each_service
def test_what_is_written_is_what_is_served(service):
    served = json.loads(json.dumps(DOORS[service].get_openapi_schema()))
    assert served == written(service), "The API changed: run `make contracts`, and look at what changed."


@each_service
def test_a_document_is_openapi(service):
    document = written(service)
    assert document["openapi"].startswith("3.1")
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []


@each_service
def test_every_reference_leads_somewhere(service):
    text = (FOLDER / f"{service}.json").read_text()
    wanted = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', text))
    assert "Problem" in wanted <= set(written(service)["components"]["schemas"])


@each_service
def test_operations_are_told_apart(service):
    ids = [operation["operationId"] for _, operation in operations(service)]
    assert len(set(ids)) == len(ids) > 0


@each_service
def test_what_is_promised_is_there_and_nothing_from_inside(service):
    there = [call for call, _ in operations(service)]
    assert sorted(there) == sorted(TABLE[service])
    assert not any("internal" in call for call in there)


@each_service
def test_an_operation_says_what_it_does(service):
    for call, operation in operations(service):
        assert operation["summary"], call
        assert operation["description"].endswith("."), call


@each_service
def test_a_refusal_is_a_problem_document_with_its_codes(service):
    for call, operation in operations(service):
        refusals = {status: said for status, said in operation["responses"].items() if status >= "400"}
        assert {"400", "422", "503"} <= set(refusals), call
        for said in refusals.values():
            assert said["content"] == {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
            assert re.fullmatch(r"[a-z_]+(, [a-z_]+)*", said["description"]), call


SAYS_NOTHING = {"POST /password/forgotten", "POST /profile/email/confirmation"}  # a mail will


@each_service
def test_a_success_has_one_form_and_is_json_or_an_image(service):
    for call, operation in operations(service):
        successes = {status: said for status, said in operation["responses"].items() if status < "400"}
        forms = [said.get("content", {}) for said in successes.values()]
        assert forms, call
        assert all(form == forms[0] for form in forms), call  # 202: what 201 will be
        form = "image/jpeg" if call.endswith(".jpg") else "application/json"
        assert list(forms[0]) == ([] if "204" in successes or call in SAYS_NOTHING else [form]), call


@each_service
def test_what_takes_a_token_says_how_it_is_refused(service):
    for call, operation in operations(service):
        codes = operation["responses"].get("401", {}).get("description", "")
        assert "invalid_token" in codes or not operation.get("security"), call


@each_service
def test_names_are_in_camel_case(service):
    camel = re.compile(r"[a-z][a-zA-Z0-9]*")
    for call, operation in operations(service):
        parameters = [p for p in operation["parameters"] if p["in"] != "header"]
        assert all(camel.fullmatch(p["name"]) for p in parameters), call
        assert set(re.findall(r"{(\w+)}", call)) == {p["name"] for p in parameters if p["in"] == "path"}, call
    schemas = written(service)["components"]["schemas"].values()
    assert [n for schema in schemas for n in schema.get("properties", {}) if not camel.fullmatch(n)] == []


@each_service
def test_requests_are_closed(service):
    bodies = [o["requestBody"]["content"] for _, o in operations(service) if "requestBody" in o]
    schemas = written(service)["components"]["schemas"]
    shapes = [next(iter(body.values()))["schema"] for body in bodies]
    shapes = [schemas[shape["$ref"].rsplit("/", 1)[1]] if "$ref" in shape else shape for shape in shapes]
    assert shapes
    assert [shape["title"] for shape in shapes if shape["additionalProperties"] is not False] == []
