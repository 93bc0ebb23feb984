"""Every door: strict parsing, problem documents for whatever goes wrong, and OpenAPI that tells the truth."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from django.urls import path
from ninja import Query as InQuery
from prometheus_client import REGISTRY

from frontrow.chassis.api import DOORS, PROBLEM, Door, StrictParser, answers
from frontrow.chassis.environment import SERVICES
from frontrow.chassis.refusals import BrokenJson, Invalid, NotFound, Refusal, TooMany
from frontrow.chassis.schemas import In, Out, Query

KEYS = "/.well-known/jwks.json"


class Teapot(Refusal):
    code, status, detail = "teapot", 409, "This is a teapot."


class CupIn(In):
    fill_level: int = 0
    inner_cups: list["CupIn"] = []


class CupQuery(Query):
    cup_size: int = 1


class CupOut(Out):
    fill_level: int


probe = Door("probe", "Only for these tests.")
del DOORS["probe"]  # no service of this process


@probe.post("/cups", auth=None, **answers(201, CupOut, Teapot))
def pour(request, body: CupIn) -> Any:
    return {"fill_level": body.fill_level}


@probe.get("/cups", auth=None)
def look(request, query: InQuery[CupQuery]) -> Any:
    return {"size": query.cup_size}


@probe.get("/cups/{uuid:cup_id}/tea_leaves/{int:leaf}", **answers(200, CupOut, NotFound))
def leaf(request, cup_id: str, leaf: int) -> Any:
    return {}


@probe.get("/refuse", auth=None)
def refuse(request) -> Any:
    raise Teapot("A very small teapot.", shape="short and stout")


@probe.get("/wait", auth=None)
def wait(request) -> Any:
    raise TooMany(7)


@probe.get("/field", auth=None)
def field(request) -> Any:
    raise Invalid.field("fillLevel", "is above the rim")


@probe.get("/fault", auth=None)
def fault(request) -> Any:
    raise RuntimeError("hunter2 stands in /etc/passwd")


def plain_refusal(request):
    raise Teapot


def plain_fault(request):
    raise RuntimeError("hunter2")


urlpatterns = [
    path("", probe.urls),
    path("plain-refusal", plain_refusal),
    path("plain-fault", plain_fault),
]


@pytest.fixture
def at_probe(settings):
    """A client of the door above; a fault is answered, not raised."""
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


def problem(answer, status, code):
    """The problem document of an answer, which must be complete."""
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert set(PROBLEM["required"]) <= set(told)
    assert told["type"] == f"urn:frontrow:problem:{code}"
    assert told["title"] == HTTPStatus(status).phrase
    assert told["requestId"] == answer["X-Request-ID"]
    return told


def post(client, body):
    raw = body if isinstance(body, bytes) else json.dumps(body)
    return client.generic("POST", "/cups", raw, "application/json")


def parse(raw):
    class Request:
        body = raw

    return StrictParser().parse_body(Request())


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (b"{}", {}),
        (b' {"a": [1, null, true, {"b": 1.5}]}\n', {"a": [1, None, True, {"b": 1.5}]}),
        ('{"é": "\\u00e9"}'.encode(), {"é": "é"}),
        (b'{"a": {"b": 1}, "c": {"b": 1}}', {"a": {"b": 1}, "c": {"b": 1}}),
        (b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", None),
    ],
)
def test_json_objects_are_read(raw, read):
    assert parse(raw) == (json.loads(raw) if read is None else read)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"{}x",
        b"{a: 1}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": [-Infinity]}',
        b'{"a": 01}',
        b'{"a": "\n"}',
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": [{"b": 1, "\\u0062": 2}]}',
        b'{"a": "\xff"}',
        b"[" * 50_000,
        b'{"a":' * 50_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_what_is_no_json_is_refused(raw):
    with pytest.raises(BrokenJson):
        parse(raw)


@pytest.mark.parametrize("raw", [b"[]", b'"a"', b"1", b"null", b"true", b"1e999"])
def test_json_that_is_no_object_is_refused(raw):
    with pytest.raises(Invalid):
        parse(raw)


def test_an_answer_speaks_camel_case(at_probe):
    answer = post(at_probe, {"fillLevel": 3})
    assert (answer.status_code, answer.json()) == (201, {"fillLevel": 3})


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"fillLevel": "much"}, ["fillLevel"]),
        ({"fill_level": 1}, ["fill_level"]),
        ({"innerCups": {}}, ["innerCups"]),
        ({"innerCups": [{}, {"fillLevel": "much"}]}, ["innerCups.1.fillLevel"]),
        ({"innerCups": [{"innerCups": [{"colour": 1}]}]}, ["innerCups.0.innerCups.0.colour"]),
        ({"fillLevel": None, "colour": 1}, ["fillLevel", "colour"]),
        ([], [""]),
        (b"", [""]),
    ],
    ids=str,
)
def test_wrong_fields_are_named_as_the_client_knows_them(at_probe, body, fields):
    told = problem(post(at_probe, body), 422, "invalid_request")
    assert [error["field"] for error in told["errors"]] == fields
    assert all(error["message"] for error in told["errors"])


@pytest.mark.parametrize(
    ("query", "field"), [("cupSize=big", "cupSize"), ("cup_size=1", ""), ("cupSize=1&colour=red", "")]
)
def test_wrong_parameters_are_named_too(at_probe, query, field):
    told = problem(at_probe.get(f"/cups?{query}"), 422, "invalid_request")
    assert [error["field"] for error in told["errors"]] == [field]


def test_an_unknown_parameter_is_named_in_the_message(at_probe):
    told = at_probe.get("/cups?colour=red").json()
    assert told["errors"] == [{"field": "", "message": "unknown parameter: colour"}]


def test_a_refusal_tells_its_name_its_sentence_and_its_facts(at_probe):
    told = problem(at_probe.get("/refuse"), 409, "teapot")
    assert (told["detail"], told["shape"]) == ("A very small teapot.", "short and stout")


def test_one_field_can_be_refused_by_the_story(at_probe):
    told = problem(at_probe.get("/field"), 422, "invalid_request")
    assert told["errors"] == [{"field": "fillLevel", "message": "is above the rim"}]


def test_who_must_wait_is_told_in_a_header_as_well(at_probe):
    answer = at_probe.get("/wait")
    assert problem(answer, 429, "too_many_requests")["retryAfter"] == 7
    assert answer["Retry-After"] == "7"


def test_a_plain_view_may_refuse_like_a_door(at_probe):
    assert problem(at_probe.get("/plain-refusal"), 409, "teapot")


def test_a_fault_tells_the_client_nothing_but_an_id(at_probe, lines):
    def count():
        return REGISTRY.get_sample_value("frontrow_faults_total", {"where": "request"}) or 0

    before = count()
    answer = at_probe.get("/fault")
    told = problem(answer, 500, "internal_error")
    assert "hunter2" not in answer.content.decode()
    assert "RuntimeError" not in answer.content.decode()
    (line,) = [line for line in lines() if line["event"] == "fault"]  # for us, who look for that id
    assert (line["request_id"], line["exception"][0]["exc_type"]) == (told["requestId"], "RuntimeError")
    assert count() == before + 1


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_without_its_database_a_door_is_unavailable_for_a_moment(nobody, error):
    def gone(execute, sql, params, many, context):
        raise error("hunter2")

    with connection.execute_wrapper(gone):
        answer = nobody.client.get(KEYS)
    problem(answer, 503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    assert "hunter2" not in answer.content.decode()
    assert nobody.client.get(KEYS).status_code == 200


def test_a_request_without_a_token_is_not_signed_in(nobody):
    answer = nobody.client.get("/profile")
    problem(answer, 401, "not_signed_in")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "path", ["/nowhere", "/events/not-a-uuid", "/static/nothing.js", "/login/", "/%00", "/é"]
)
def test_where_nothing_is_is_not_found(nobody, path):
    problem(nobody.client.get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_a_wrong_method_is_told_the_right_ones(at_probe, method):
    answer = at_probe.generic(method, "/cups")
    told = problem(answer, 405, "method_not_allowed")
    assert {word.strip(" .") for word in answer["Allow"].split(",")} == {"GET", "POST"}
    assert answer["Allow"] in told["detail"]


@pytest.mark.parametrize(("size", "status"), [(256 * 1024, 400), (256 * 1024 + 1, 413)])
def test_a_body_may_be_so_large_and_no_larger(at_probe, size, status):
    problem(post(at_probe, b"x" * size), status, "body_too_large" if status == 413 else "invalid_json")


def test_refusals_are_counted_by_their_code(at_probe):
    def count():
        return REGISTRY.get_sample_value("frontrow_refusals_total", {"code": "teapot"}) or 0

    before = count()
    at_probe.get("/refuse")
    assert count() == before + 1


@pytest.fixture(params=SERVICES)
def document(request, client):
    """The OpenAPI document of each service."""
    answer = client.get(f"/openapi/{request.param}.json")
    assert answer.status_code == 200
    return answer.json()


def operations(document):
    """Every operation, with its method and path."""
    for where, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {where}", operation


def test_openapi_names_paths_and_parameters_as_clients_do(document):
    for where in document["paths"]:
        assert "_" not in where
        assert "uuid:" not in where
    for place, operation in operations(document):
        for parameter in operation["parameters"]:
            assert "_" not in parameter["name"], place
            if parameter["in"] == "path":
                assert "{" + parameter["name"] + "}" in place


def test_openapi_tells_how_each_call_may_be_refused(document):
    for place, operation in operations(document):
        assert {"400", "413", "422", "503"} <= set(operation["responses"]), place
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                schema = answer["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}
                assert answer["description"]


def test_openapi_refers_only_to_what_it_holds(document):
    def references(part):
        if isinstance(part, dict):
            yield from [part["$ref"]] if "$ref" in part else []
            part = list(part.values())
        for each in part if isinstance(part, list) else []:
            yield from references(each)

    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= schemas


def test_openapi_tells_that_a_token_is_needed_where_one_is(document):
    for place, operation in operations(document):
        assert ("401" in operation["responses"]) is ("security" in operation) or place in {
            "POST /login", "POST /token/refresh", "POST /logout",
        }  # fmt: skip


def test_openapi_keeps_internal_calls_to_ourselves(document):
    assert "internal" not in json.dumps(list(document["paths"]))


def test_openapi_tells_the_paths_of_a_door():
    paths = json.loads(json.dumps(probe.get_openapi_schema()))["paths"]
    leaf = paths["/cups/{cupId}/tea_leaves/{leaf}"]["get"]
    assert [parameter["name"] for parameter in leaf["parameters"]] == ["cupId", "leaf"]
    assert paths["/cups"]["post"]["responses"]["409"]["description"] == "teapot"
